"""What wraps an optimizer."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxw2v import Config, InputError
from jaxw2v.training import make_job
from jaxw2v.training.setup.wrappers import (
    check_elementwise,
    check_keeps_no_gradients,
    keep_row_norm,
)


def test_max_norm_holds_for_the_rows_of_both_tables():
    limit = keep_row_norm(optax.identity(), 0.5)
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3)), jnp.float32) * 0.2
    update = jnp.asarray(np.random.default_rng(1).normal(size=(6, 3)), jnp.float32) * 0.3
    moved = optax.apply_updates(rows, limit.update(update, limit.init(rows), rows)[0])
    norm = np.linalg.norm(rows + update, axis=1)
    assert (norm > 0.5).any()
    assert (norm < 0.5).any()
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.minimum(norm, 0.5), rtol=1e-5)
    short = norm < 0.5
    np.testing.assert_allclose(moved[short], (rows + update)[short], rtol=1e-5)


@pytest.mark.usefixtures("optax_promotes")
@pytest.mark.parametrize(
    "optimizer",
    [
        optax.MultiSteps(optax.sgd(0.1), 4).gradient_transformation(),
        optax.chain(optax.apply_every(4), optax.sgd(0.1)),
    ],
    ids=["MultiSteps", "apply_every"],
)
def test_gradients_that_are_kept_for_later_steps_need_whole_tables(optimizer):
    with pytest.raises(InputError, match="keeps gradients for later steps"):
        check_keeps_no_gradients(optimizer)
    check_elementwise(optimizer)
    counts = np.full(50, 10)
    assert make_job(Config(), counts, optimizer).config.row_updates == "dense"
    with pytest.raises(InputError, match="row_updates='dense'"):
        make_job(Config(row_updates="sparse"), counts, optimizer)
    assert make_job(Config(), counts, optax.adam(0.1)).config.row_updates == "sparse"
