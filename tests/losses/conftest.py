"""Blocks of words with tables."""

import jax.numpy as jnp
import numpy as np
import pytest
from softmax_sizes import B, D, L, V

from jaxw2v.sampling import context_bounds, positive_mask


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def block(rng):
    """Hidden vectors, a table, the words, and the mask of [context, center]."""
    windows = jnp.asarray(rng.integers(1, 3, (B, L)))
    valid = jnp.asarray(np.arange(L) < np.array([[L], [4]]))
    mask = positive_mask(context_bounds(windows, jnp.where(valid, 0, -1), valid))
    hidden = jnp.asarray(rng.normal(size=(B, L, D)), jnp.float32)
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    return hidden, table, jnp.asarray(rng.integers(0, V, (B, L))), mask
