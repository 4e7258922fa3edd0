"""Kept values move to the front."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.sampling import (
    compact,
)


@pytest.mark.parametrize("seed", range(5))
def test_compaction_keeps_order(seed):
    rng = np.random.default_rng(seed)
    keep, values = rng.random(57) < 0.4, rng.integers(0, 99, 57)
    expected = np.full(57, -1)
    expected[: keep.sum()] = values[keep]
    assert np.array_equal(compact(jnp.asarray(keep), jnp.asarray(values), -1), expected)
