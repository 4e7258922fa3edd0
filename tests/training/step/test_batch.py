"""The pairs of blocks, those that subsampling leaves out included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.sampling import context_bounds, subsample_pairs
from jaxw2v.training.objectives import ExpectedWindows, Windows
from jaxw2v.training.step.batch import Blocks, pair_mask

B, L, V, W = 3, 8, 5, 2
mask_of = jax.jit(pair_mask, static_argnums=2)
subsample = jax.jit(subsample_pairs)


def blocks(keys):
    ids = jnp.asarray(np.random.default_rng(0).integers(0, V, (B, L)))
    ones = jnp.ones((B, L), jnp.int32)
    bounds = context_bounds(W * ones, 0 * ones, ones == 1)
    return Blocks(ids, bounds, (), keys)


def test_without_keys_every_pair_of_the_windows_stays():
    some, thresholds = blocks(None), jnp.zeros(V, jnp.uint32)
    for windows in (Windows(W), ExpectedWindows(W)):
        found = mask_of(some, thresholds, windows)
        np.testing.assert_array_equal(found, windows.pairs(some.bounds))


@pytest.mark.slow
def test_pairs_are_left_out_by_their_words_block_by_block():
    keys = jax.random.split(jax.random.key(0), B)
    thresholds = jnp.asarray([0, 2**31, 2**32 - 1, 2**31, 2**30], jnp.uint32)
    some = blocks(keys)
    for windows in (Windows(W), ExpectedWindows(W)):
        found, whole = mask_of(some, thresholds, windows), windows.pairs(some.bounds)
        assert found.dtype == whole.dtype
        for b in range(B):
            kept = subsample(keys[b], some.ids[b], thresholds)
            np.testing.assert_array_equal(found[b], np.where(kept, whole[b], 0))
        ids = np.asarray(some.ids)
        never = (ids[:, :, None] == 0) | (ids[:, None, :] == 0)
        assert not np.asarray(found)[never].any()
        assert 0 < np.asarray(found).sum() < np.asarray(whole).sum()
