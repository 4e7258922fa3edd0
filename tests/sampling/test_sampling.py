import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from scipy import stats

from jaxw2v import InputError
from jaxw2v.sampling import (
    compact,
    context_bounds,
    cut_into_blocks,
    effective_windows,
    keep_probability,
    keep_threshold,
    noise_distribution,
    positive_mask,
    sample_noise,
    subsample,
)
from jaxw2v.sampling.noise import noise_probability

COUNTS = np.array([5_000, 900, 300, 40, 7, 1])
# At fixed seeds: a right sampler fails one such test in a thousand seeds.
LEVEL = 1e-3


def test_keep_probabilities_are_the_formulas():
    for count, c, paper in zip(
        COUNTS, keep_probability(COUNTS, 0.01), keep_probability(COUNTS, 0.01, "paper"), strict=True
    ):
        share = count / COUNTS.sum()
        assert c == pytest.approx(min(1, (np.sqrt(share / 0.01) + 1) * 0.01 / share))
        assert paper == pytest.approx(min(1, np.sqrt(0.01 / share)))
    assert (keep_probability(COUNTS, 0) == 1).all()
    with pytest.raises(InputError):
        keep_probability(COUNTS, 0.01, "other")


def test_tokens_are_kept_with_their_probability():
    keep = keep_probability(COUNTS, 0.01)
    ids = jnp.repeat(jnp.arange(6), 20_000)
    kept = subsample(jax.random.key(0), ids, jnp.asarray(keep_threshold(keep)))
    for word in range(6):
        found = int(kept[ids == word].sum())
        if keep[word] == 1:
            assert found == 20_000
        else:
            assert stats.binomtest(found, 20_000, keep[word]).pvalue > LEVEL


def test_padding_is_never_kept():
    always = jnp.full(6, 2**32 - 1, jnp.uint32)
    assert not subsample(jax.random.key(0), jnp.full(100, -1), always).any()


@pytest.mark.parametrize("seed", range(5))
def test_compaction_keeps_order(seed):
    rng = np.random.default_rng(seed)
    keep, values = rng.random(57) < 0.4, rng.integers(0, 99, 57)
    expected = np.full(57, -1)
    expected[: keep.sum()] = values[keep]
    assert np.array_equal(compact(jnp.asarray(keep), jnp.asarray(values), -1), expected)


def test_blocks_hold_the_kept_tokens_in_order():
    rng = np.random.default_rng(0)
    keep, ids, sentences = rng.random(60) < 0.7, rng.integers(0, 9, 60), np.arange(60) // 13
    blocks = cut_into_blocks(*map(jnp.asarray, (keep, ids, sentences)), 4)
    kept = keep.sum()
    for found, given in ((blocks.ids, ids), (blocks.sentence_ids, sentences)):
        assert found.shape == (15, 4)
        assert found.ravel()[:kept].tolist() == given[keep].tolist()
        assert (found.ravel()[kept:] == -1).all()
    assert blocks.count == -(-kept // 4)
    with pytest.raises(ValueError, match="block_length 7"):
        cut_into_blocks(*map(jnp.asarray, (keep, ids, sentences)), 7)


def test_effective_windows_are_uniform():
    windows = np.asarray(effective_windows(jax.random.key(1), (50_000,), 5))
    assert stats.chisquare(np.bincount(windows, minlength=6)[1:]).pvalue > LEVEL


@pytest.mark.parametrize("seed", range(5))
def test_bounds_and_mask_are_the_definition(seed):
    rng = np.random.default_rng(seed)
    windows = rng.integers(1, 5, (3, 14))
    valid = np.arange(14) < np.array([[14], [9], [0]])
    sentence_ids = np.where(valid, np.sort(rng.integers(0, 3, (3, 14)), axis=1), -1)
    bounds = context_bounds(*map(jnp.asarray, (windows, sentence_ids, valid)))
    mask = positive_mask(bounds)
    expected = np.zeros((3, 14, 14), bool)
    for b in range(3):
        for center, context in oracles.pairs_of_block(windows[b], sentence_ids[b], valid[b]):
            expected[b, context, center] = True
    assert np.array_equal(mask, expected)
    assert np.array_equal(bounds.last - bounds.first, expected.sum(axis=1))
    assert expected.any()


@pytest.mark.parametrize("exponent", [0.0, 0.75, 1.0])
@pytest.mark.parametrize(
    "counts",
    [COUNTS, np.array([3]), np.array([1, 2, 3]), np.ones(7, int), np.arange(1, 3_000)[::-1] ** 2],
    ids=["zipf", "one", "rising", "equal", "many"],
)
def test_the_noise_table_holds_the_distribution(counts, exponent):
    expected = counts**exponent / (counts**exponent).sum()
    found = noise_probability(noise_distribution(counts, exponent))
    assert np.abs(found - expected).max() * len(counts) < 2.0**-30


def test_negatives_follow_the_distribution():
    noise = noise_distribution(COUNTS, 0.75)
    draws = np.asarray(sample_noise(jax.random.key(2), noise, (200, 500))).ravel()
    expected = COUNTS**0.75 / (COUNTS**0.75).sum() * draws.size
    assert stats.chisquare(np.bincount(draws, minlength=6), expected).pvalue > LEVEL


def test_everything_maps_and_jits():
    noise = noise_distribution(COUNTS)
    keys = jax.random.split(jax.random.key(0), 3)
    together = jax.jit(jax.vmap(lambda k: sample_noise(k, noise, (4,))))(keys)
    alone = jnp.stack([sample_noise(k, noise, (4,)) for k in keys])
    assert jnp.array_equal(together, alone)
