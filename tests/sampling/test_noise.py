"""How negatives are drawn."""

import jax
import numpy as np
import pytest
from sampling_counts import COUNTS, LEVEL
from scipy import stats

from jaxw2v.sampling import (
    finite_table_counts,
    noise_distribution,
    noise_probability,
    sample_noise,
)


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


def test_a_finite_table_gives_every_word_an_entry():
    counts = np.array([1_000_000, 1000, 10, 1])
    entries = finite_table_counts(counts, 0.75, 100)
    assert entries.tolist() == [99, 1, 1, 1]
    expected = entries / entries.sum()
    np.testing.assert_allclose(noise_probability(noise_distribution(entries, 1.0)), expected)
