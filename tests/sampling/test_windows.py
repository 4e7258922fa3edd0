"""Windows, and the pairs within them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from sampling_counts import LEVEL
from scipy import stats

from jaxw2v.sampling import (
    context_bounds,
    effective_windows,
    expected_mask,
    positive_mask,
)


@pytest.mark.parametrize(
    ("side", "full"), list(itertools.product(["both", "left", "right"], [False, True]))
)
def test_bounds_are_the_definition(side, full):
    rng = np.random.default_rng(3)
    windows = rng.integers(1, 4, (6, 14))
    sentence_ids = np.sort(rng.integers(0, 3, (6, 14)), axis=1)
    is_center = rng.random((6, 14)) < 0.8
    bounds = context_bounds(*map(jnp.asarray, (windows, sentence_ids, is_center)), side, full)
    expected = np.zeros((6, 14, 14), bool)
    for b, i in np.argwhere(is_center):
        places = oracles.contexts_of(i, windows[b, i], sentence_ids[b], side, full)
        expected[b, places, i] = True
    assert np.array_equal(positive_mask(bounds), expected)
    assert expected.any()


@pytest.mark.parametrize("side", ["both", "left", "right"])
@pytest.mark.parametrize("window", [1, 2, 5])
def test_expected_pairs_are_the_mean_over_all_windows(side, window):
    rng = np.random.default_rng(4)
    sentence_ids = jnp.asarray(np.sort(rng.integers(0, 3, (6, 14)), axis=1))
    is_center = jnp.asarray(rng.random((6, 14)) < 0.8)

    def bounds(radius):
        return context_bounds(jnp.full((6, 14), radius), sentence_ids, is_center, side)

    drawn = [positive_mask(bounds(radius)) for radius in range(1, window + 1)]
    expected = np.mean(drawn, axis=0)
    found = expected_mask(bounds(window), window)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    backwards = found[:, ::-1].cumsum(1)[:, -1]
    np.testing.assert_array_equal(found.cumsum(1)[:, -1], backwards)
    assert len(set(expected.ravel().tolist())) == window + 1


def test_a_fixed_window_is_always_the_largest():
    assert effective_windows(jax.random.key(0), (3,), 4, "fixed").tolist() == [4, 4, 4]


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
