"""Decisions at rows against one at a time, and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses import block_decision_gradients, block_decision_loss

B, L, M, D = 2, 3, 4, 5


def some(rng):
    hidden, rows = (jnp.asarray(rng.normal(size=(B, n, D)), jnp.float32) for n in (L, M))
    left, right = (jnp.asarray(rng.integers(0, 3, (B, M, L)), jnp.float32) for _ in range(2))
    return hidden, rows, left, left + right


def test_the_loss_is_that_of_each_decision(rng):
    hidden, rows, left, both = map(np.float64, some(rng))
    expected = 0.0
    for b, m, i in np.ndindex(B, M, L):
        chance = 1 / (1 + np.exp(-rows[b, m] @ hidden[b, i]))
        to_the_right = both[b, m, i] - left[b, m, i]
        expected -= left[b, m, i] * np.log(chance) + to_the_right * np.log(1 - chance)
    found = jax.jit(block_decision_loss)(*map(jnp.float32, (hidden, rows, left, both)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_written_out_gradients_are_those_of_autodiff(rng):
    arguments = some(rng)
    found = jax.jit(block_decision_gradients)(*arguments)
    expected = jax.jit(jax.grad(block_decision_loss, (0, 1)))(*arguments)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_large_scores_stay_finite(rng):
    hidden, rows, left, both = some(rng)
    large = 100 * hidden, 100 * rows, left, both
    assert jnp.isfinite(block_decision_loss(*large))
    assert all(jnp.isfinite(g).all() for g in block_decision_gradients(*large))
