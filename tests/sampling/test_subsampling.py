"""Which tokens are kept."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sampling_counts import COUNTS, LEVEL
from scipy import stats

from jaxw2v import InputError
from jaxw2v.sampling import (
    keep_probability,
    keep_threshold,
    percentile_threshold,
    subsample,
    subsample_pairs,
)


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


def test_a_threshold_below_zero_is_refused():
    with pytest.raises(InputError, match=r"threshold is -0\.1; give a share of the corpus"):
        keep_probability(COUNTS, -0.1)


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


def test_the_percentile_formula_is_the_blogs():
    counts = np.array([1000, 100, 30, 10, 5])
    threshold = percentile_threshold(counts, 75)
    assert threshold == 100 / 1145
    share = counts / counts.sum()
    discard = 1 - np.sqrt(threshold / (share + threshold))
    np.testing.assert_allclose(keep_probability(counts, threshold, "percentile"), 1 - discard)
    assert keep_probability(counts, 0.1, "none").tolist() == [1] * 5
    with pytest.raises(InputError, match="at least one word"):
        percentile_threshold(np.zeros(0, int), 50)
    with pytest.raises(InputError, match="at least one word"):
        percentile_threshold(np.zeros(2, int), 50)


@pytest.mark.slow
def test_pairs_are_dropped_by_center_and_by_context():
    probability = np.array([0.3, 0.8, 1.0])
    ids = jnp.array([0, 1, 2, -1])
    keys = jax.random.split(jax.random.key(0), 20_000)
    kept = np.asarray(
        jax.vmap(subsample_pairs, (0, None, None))(
            keys, ids, jnp.asarray(keep_threshold(probability))
        )
    )
    assert not kept[:, 3].any()
    assert not kept[:, :, 3].any()
    for context, center in itertools.product(range(3), range(3)):
        expected = probability[context] * probability[center]
        found = int(kept[:, context, center].sum())
        assert stats.binomtest(found, len(keys), expected).pvalue > LEVEL
    # The contexts of one center are dropped independently, given the center.
    both = int((kept[:, 0, 2] & kept[:, 1, 2]).sum())
    assert stats.binomtest(both, len(keys), 0.3 * 0.8).pvalue > LEVEL
