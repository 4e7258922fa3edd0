"""Tokens in blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.sampling import (
    context_bounds,
    cut_into_blocks,
    positive_mask,
)


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


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 2])
@pytest.mark.parametrize("share", [0.6, pytest.param(1.0, marks=pytest.mark.lengthy)])
def test_blocks_whose_edges_are_moved_hold_the_same_tokens(share, overlap):
    rng = np.random.default_rng(5)
    length, size = 6, 48
    stride = length - overlap
    ids = jnp.arange(size, dtype=jnp.int32)
    sentences = np.sort(rng.integers(0, 2, size)).astype(np.int32)
    keep = jnp.asarray(rng.random(size) < share)
    kept = np.flatnonzero(keep).tolist()
    edges = set()
    cut = jax.jit(cut_into_blocks, static_argnums=(3, 4))
    positive = jax.jit(lambda *blocks: positive_mask(context_bounds(*blocks)))
    for offset in range(stride):
        blocks = jax.tree.map(np.asarray, cut(keep, ids, sentences, length, overlap, offset))
        centers = blocks.ids[blocks.is_center]
        assert sorted(centers.tolist()) == kept
        in_use = blocks.is_center.any(axis=1)
        assert in_use.sum() == blocks.count
        assert in_use[: int(blocks.count)].all()
        windows = np.full(blocks.ids.shape, 3)
        mask = positive(windows, blocks.sentence_ids, blocks.is_center)
        for block, context, center in np.argwhere(mask):
            first, second = blocks.ids[block, [context, center]].tolist()
            # What was moved to the front pairs with nothing there.
            assert first >= 0
            assert abs(kept.index(first) - kept.index(second)) <= 3
            assert sentences[first] == sentences[second]
        edges.add(tuple(blocks.ids[:, 0].tolist()))
    assert len(edges) == stride


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 2, 4, 6])
def test_every_kept_token_is_a_center_once_and_its_neighbors_are_there(overlap):
    rng = np.random.default_rng(overlap)
    stride = 8 - overlap
    ids = rng.integers(0, 50, 12 * stride)
    keep = rng.random(ids.size) < 0.7
    blocks = cut_into_blocks(
        jnp.asarray(keep), jnp.asarray(ids), jnp.zeros(ids.size, jnp.int32), 8, overlap
    )
    center = np.asarray(blocks.is_center)
    kept = ids[keep]
    assert np.array_equal(np.asarray(blocks.ids)[center], kept)
    assert int(blocks.count) == center.any(axis=1).sum()
    reach = overlap // 2
    padded = np.pad(kept, 8, constant_values=-1)
    seen = 0
    for row, places in zip(np.asarray(blocks.ids), center, strict=True):
        for place in np.flatnonzero(places):
            around = padded[8 + seen - reach : 8 + seen + reach + 1]
            assert np.array_equal(row[place - reach : place + reach + 1], around)
            seen += 1
    assert np.array_equal(np.asarray(blocks.sentence_ids) >= 0, np.asarray(blocks.ids) >= 0)


def test_offsets_of_64_bits_shift_as_those_of_32():
    keep, ids = jnp.ones(8, bool), jnp.arange(8, dtype=jnp.int32)
    with jax.enable_x64(True):
        offset = jax.random.randint(jax.random.key(0), (), 1, 4)
        assert offset.dtype == jnp.int64
        found = cut_into_blocks(keep, ids, ids // 4, 4, offset=offset)
    expected = cut_into_blocks(keep, ids, ids // 4, 4, offset=int(offset))
    jax.tree.map(np.testing.assert_array_equal, found, expected)
