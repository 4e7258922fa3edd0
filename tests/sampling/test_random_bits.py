"""Draws that depend on the row, not on the chunk."""

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from scipy import stats

from jaxw2v.sampling import (
    effective_windows,
    noise_distribution,
    random_bits,
    random_integers,
    sample_noise,
    subsample,
)
from jaxw2v.sampling.random_bits import random_integers_and_rests

LEVEL = 1e-3


def test_words_are_threefry_of_row_and_place():
    key = jax.random.key(7)
    data = [int(word) for word in jax.random.key_data(key)]
    high, low = random_bits(key, (3, 2, 2), start=2**32 - 2)
    for row in range(3):
        for place in range(4):
            expected = oracles.threefry(data, (2**32 - 2 + row) % 2**32, place)
            found = (int(w.reshape(3, 4)[row, place]) for w in (high, low))
            assert tuple(found) == expected


def test_words_follow_the_generator_jax_uses():
    key, _ = jax.random.key(3), None
    bits = jax.random.bits(key, (5,), jnp.uint32)
    high, low = random_bits(key, (1, 5))
    assert jnp.array_equal(bits, (high ^ low)[0])


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 5, 8])
def test_draws_do_not_depend_on_how_the_stream_is_cut(cut):
    key, ids = jax.random.key(1), jnp.arange(9)
    noise = noise_distribution(np.arange(1, 40))
    threshold = jnp.full(9, 2**31, jnp.uint32)
    samplers = [
        lambda n, start: sample_noise(key, noise, (n, 4), start),
        lambda n, start: effective_windows(key, (n, 3), 9, start=start),
        lambda n, start: subsample(
            key, jax.lax.dynamic_slice(ids, (start,), (n,)), threshold, start
        ),
    ]
    for sample in samplers:
        sample = jax.jit(sample, static_argnums=0)
        whole = sample(9, 0)
        parts = jnp.concatenate([sample(cut, 0), sample(9 - cut, cut)])
        assert jnp.array_equal(whole, parts)
        assert len(np.unique(whole)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("bound", [1, 2, 3, 1000, 2**24, 2**31])
def test_integers_are_the_product_of_64_bits_and_the_bound(bound):
    key = jax.random.key(5)
    high, low = random_bits(key, (200,))
    expected = [((int(h) << 32 | int(w)) * bound) >> 64 for h, w in zip(high, low, strict=True)]
    assert random_integers(key, (200,), bound).tolist() == expected
    rests = [
        (((int(h) << 32 | int(w)) * bound) >> 32) % 2**32 for h, w in zip(high, low, strict=True)
    ]
    assert random_integers_and_rests(key, (200,), bound)[1].tolist() == rests


@pytest.mark.parametrize("bound", [2, 7, 2**24])
def test_integers_are_uniform(bound):
    draws = np.asarray(random_integers(jax.random.key(2), (60_000,), bound), np.int64)
    assert draws.min() >= 0
    assert draws.max() < bound
    counts = np.bincount(draws * 7 // bound if bound > 7 else draws, minlength=min(bound, 7))
    assert stats.chisquare(counts).pvalue > LEVEL


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2**24])
def test_negatives_of_the_smallest_and_of_a_very_large_vocabulary(size):
    counts = np.ones(size, np.int64)
    counts[-1] = size
    draws = np.asarray(sample_noise(jax.random.key(4), noise_distribution(counts, 1.0), (20_000,)))
    if size == 1:
        assert (draws == 0).all()
        return
    # Half of all draws are the last word; the others spread over all the rest, the lowest bit too.
    rest = draws[draws != size - 1]
    assert stats.binomtest(len(rest), len(draws), (size - 1) / (2 * size - 1)).pvalue > LEVEL
    assert stats.chisquare(np.bincount(rest >> 21, minlength=8)).pvalue > LEVEL
    assert stats.chisquare(np.bincount(rest & 1, minlength=2)).pvalue > LEVEL


def test_other_generators_and_raw_keys_work():
    raw = jax.random.PRNGKey(0)
    same = jax.random.key(0)
    assert jnp.array_equal(random_bits(raw, (4,))[0], random_bits(same, (4,))[0])
    rbg = random_bits(jax.random.key(0, impl="rbg"), (10_000,))[0]
    assert stats.chisquare(np.bincount(np.asarray(rbg) >> 29, minlength=8)).pvalue > LEVEL


def test_it_maps_over_keys_and_with_64_bit_types():
    keys = jax.random.split(jax.random.key(0), 3)
    together = jax.jit(jax.vmap(lambda key: random_integers(key, (4,), 10)))(keys)
    assert jnp.array_equal(together, jnp.stack([random_integers(k, (4,), 10) for k in keys]))
    with jax.enable_x64(True):
        wide = random_integers(keys[0], (4,), 10)
    assert wide.dtype == jnp.int32
    assert jnp.array_equal(wide, together[0])
