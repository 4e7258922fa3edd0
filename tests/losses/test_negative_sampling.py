"""Negative sampling pair by pair."""

import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from block_sizes import DIM, K

from jaxw2v.losses import (
    block_negative_sampling_gradients,
    block_negative_sampling_loss,
    negative_sampling_loss,
)


def test_pair_form_is_the_equation():
    rng = np.random.default_rng(1)
    u, c, n = (rng.normal(size=shape) * 3 for shape in ((7, DIM), (7, DIM), (7, K, DIM)))
    expected = [oracles.pair_loss(*row) for row in zip(u, c, n, strict=True)]
    found = negative_sampling_loss(*map(jnp.asarray, (u, c, n)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_large_scores_stay_finite():
    u = jnp.full((1, 2, 1), 100.0)
    mask = ~jnp.eye(2, dtype=bool)[None]
    loss = block_negative_sampling_loss(u, u, u, mask, K)
    np.testing.assert_allclose(loss, 2 * K * 1e4, rtol=1e-6)
    gradients = block_negative_sampling_gradients(u, jnp.concatenate([u, u], 1), mask, K)
    assert all(jnp.isfinite(g).all() for g in gradients)


def test_pair_form_names_wrong_shapes():
    u = jnp.zeros((3, 2))
    with pytest.raises(ValueError, match="contexts"):
        negative_sampling_loss(u, u[:2], u[:, None])
    with pytest.raises(ValueError, match="negatives"):
        negative_sampling_loss(u, u, u)
    with pytest.raises(ValueError, match="negatives"):
        negative_sampling_loss(u[0], u[0], u[0])
