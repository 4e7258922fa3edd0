"""What wraps an optimizer."""

import jax.numpy as jnp
import numpy as np
import optax

from jaxw2v.training.setup.wrappers import keep_row_norm


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
