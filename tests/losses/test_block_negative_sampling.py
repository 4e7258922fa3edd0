"""Negative sampling of whole blocks: the sum over their pairs."""

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from block_sizes import BLOCKS, DIM, LENGTH, NOISE, K
from jax.test_util import check_grads

from jaxw2v.losses import (
    block_negative_sampling_gradients,
    block_negative_sampling_loss,
    negative_sampling_loss,
)
from jaxw2v.sampling import context_bounds, noise_distribution, positive_mask, sample_noise


@pytest.fixture
def example():
    rng = np.random.default_rng(0)
    windows = rng.integers(1, 4, (BLOCKS, LENGTH))
    valid = np.arange(LENGTH) < np.array([[LENGTH], [LENGTH], [4]])
    sentence_ids = np.where(valid, np.sort(rng.integers(0, 3, (BLOCKS, LENGTH)), axis=1), -1)
    mask = positive_mask(context_bounds(*map(jnp.asarray, (windows, sentence_ids, valid))))
    pairs = [
        oracles.pairs_of_block(*block) for block in zip(windows, sentence_ids, valid, strict=True)
    ]
    rows = [
        jnp.asarray(rng.normal(size=(BLOCKS, n, DIM)), jnp.float32) for n in (LENGTH, LENGTH, NOISE)
    ]
    return rows, mask, pairs


def test_block_form_is_the_sum_over_its_pairs(example):
    (u, c, n), mask, pairs = example
    expected = sum(oracles.block_loss(u[b], c[b], n[b], pairs[b], K) for b in range(BLOCKS))
    found = block_negative_sampling_loss(u, c, n, mask, K)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_block_form_equals_pair_form_when_pairs_use_the_negatives_of_the_block(example):
    (u, c, n), mask, pairs = example
    b, i, j = np.array([(b, i, j) for b in range(BLOCKS) for i, j in pairs[b]]).T
    by_pairs = negative_sampling_loss(u[b, i], c[b, j], n[b]).sum()
    by_blocks = block_negative_sampling_loss(u, c, n, mask, NOISE)
    np.testing.assert_allclose(by_blocks, by_pairs, rtol=1e-5)


@pytest.mark.slow
def test_block_form_expects_what_fresh_negatives_for_every_pair_expect(example):
    (u, c, _), mask, pairs = example
    counts = np.array([50, 30, 10, 5, 2])
    table = jax.random.normal(jax.random.key(3), (5, DIM))
    noise = noise_distribution(counts)
    b, i, j = np.array([(b, i, j) for b in range(BLOCKS) for i, j in pairs[b]]).T

    def shared(key):
        negatives = table[sample_noise(key, noise, (BLOCKS, NOISE))]
        return block_negative_sampling_loss(u, c, negatives, mask, K)

    def fresh(key):
        negatives = table[sample_noise(key, noise, (len(b), K))]
        return negative_sampling_loss(u[b, i], c[b, j], negatives).sum()

    keys = jax.random.split(jax.random.key(4), 4_000)
    draws = [np.asarray(jax.lax.map(f, keys, batch_size=500), np.float64) for f in (shared, fresh)]
    error = np.sqrt(sum(d.var() / len(d) for d in draws))
    assert abs(draws[0].mean() - draws[1].mean()) < 3.5 * error
    assert error < 0.02 * draws[1].mean()


@pytest.mark.slow
def test_written_out_gradients_are_those_of_the_loss(example):
    (u, c, n), mask, _ = example
    of_u, of_c, of_n = jax.grad(block_negative_sampling_loss, (0, 1, 2))(u, c, n, mask, K)
    of_centers, of_outputs = block_negative_sampling_gradients(
        u, jnp.concatenate([c, n], axis=1), mask, K
    )
    np.testing.assert_allclose(of_centers, of_u, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(of_outputs, jnp.concatenate([of_c, of_n], 1), rtol=2e-4, atol=2e-5)


def test_gradients_agree_with_finite_differences(example):
    (u, c, n), mask, pairs = example
    check_grads(
        lambda u, c, n: block_negative_sampling_loss(u, c, n, mask, K), (u, c, n), 1, ["rev"]
    )
    _, of_outputs = block_negative_sampling_gradients(u, jnp.concatenate([c, n], 1), mask, K)
    step = np.zeros((NOISE, DIM))
    step[2, 1] = 1e-5
    by_oracle = [
        oracles.block_loss(u[0], c[0], np.float64(n[0]) + sign * step, pairs[0], K)
        for sign in (1, -1)
    ]
    difference = (by_oracle[0] - by_oracle[1]) / 2e-5
    assert of_outputs[0, LENGTH + 2, 1] == pytest.approx(difference, rel=1e-3)


def test_bfloat16_accumulates_in_float32(example):
    rows, mask, _ = example
    found = block_negative_sampling_loss(*(r.astype(jnp.bfloat16) for r in rows), mask, K)
    exact = block_negative_sampling_loss(
        *(r.astype(jnp.bfloat16).astype(jnp.float32) for r in rows), mask, K
    )
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, exact, rtol=1e-5)
    # For a mask of pairs, and of words in their own places.
    u, c, n = (r.astype(jnp.bfloat16) for r in rows)
    for targets in (mask, mask.any(1)):
        gradients = block_negative_sampling_gradients(u, jnp.concatenate([c, n], 1), targets, K)
        assert [g.dtype for g in gradients] == [jnp.float32] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: (BLOCKS, DIM)}, "centers"),
        ({1: (BLOCKS, LENGTH - 1, DIM)}, "contexts"),
        ({2: (BLOCKS, NOISE, DIM + 1)}, "negatives"),
        ({2: (BLOCKS, 0, DIM)}, "at least one"),
        ({3: (BLOCKS, LENGTH, 2)}, "positive_mask"),
    ],
)
def test_shapes_that_do_not_belong_together_are_named(example, change, message):
    rows, mask, _ = example
    arguments = [*rows, mask]
    for place, shape in change.items():
        arguments[place] = jnp.zeros(shape)
    with pytest.raises(ValueError, match=message):
        block_negative_sampling_loss(*arguments, K)
