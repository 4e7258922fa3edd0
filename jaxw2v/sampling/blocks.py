"""Cuts the kept tokens of a stream into blocks of equal length."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.sampling.compaction import compact


class TokenBlocks(NamedTuple):
    """Consecutive kept tokens, L to a block.

    Attributes:
      ids: int32 [B, L], word ids; -1 where there is no token.
      sentence_ids: int32 [B, L]; -1 where there is no token.
      is_center: bool [B, L]; each token is a center in one block.
      count: int32 [], blocks that hold a center; the others come last.
    """

    ids: jax.Array
    sentence_ids: jax.Array
    is_center: jax.Array
    count: jax.Array  # type: ignore[assignment]


def cut_into_blocks(
    keep: jax.Array,
    ids: jax.Array,
    sentence_ids: jax.Array,
    block_length: int,
    overlap: int = 0,
    offset: jax.Array | int = 0,
) -> TokenBlocks:
    """Drops what is not kept and cuts the rest; pairs form inside a block only.

    Without overlap, pairs across the edge of two blocks are lost. With it, a block begins and
    ends with ``overlap / 2`` tokens that are contexts only, so that windows of up to that many
    words are whole.

    Args:
      keep: bool [n], from :func:`jaxw2v.sampling.subsample`.
      ids: int32 [n], word ids.
      sentence_ids: int32 [n], each token's sentence.
      block_length: L, tokens in a block.
      overlap: tokens that neighboring blocks share, even and below L.
      offset: int32 [], places by which the kept tokens are shifted, from 0 to L - overlap - 1, so
        that block edges can differ each time; tokens shifted past the end come to the front, with
        sentence ids of -2 and below, and form no pairs with what follows.

    Returns:
      B = n / (L - overlap) blocks.

    Raises:
      ValueError: ``overlap`` is odd or not below L, or L - overlap does not divide n.

    Example:
      >>> keep = jnp.array([True, False, True, True])
      >>> cut_into_blocks(keep, jnp.arange(4), jnp.zeros(4, jnp.int32), 2).ids.tolist()
      [[0, 2], [3, -1]]
      >>> cut_into_blocks(keep, jnp.arange(4), jnp.zeros(4, jnp.int32), 4, 2).ids.tolist()
      [[-1, 0, 2, 3], [2, 3, -1, -1]]
      >>> cut_into_blocks(keep, jnp.arange(4), jnp.zeros(4, jnp.int32), 2, offset=1).ids.tolist()
      [[-1, 0], [2, 3]]
    """
    if overlap % 2 or not 0 <= overlap < block_length:
        raise ValueError(f"overlap is {overlap}; it must be even and below L = {block_length}")
    stride = block_length - overlap
    if ids.size % stride:
        raise ValueError(
            f"block_length {block_length} less overlap {overlap} does not divide the {ids.size} ids"
        )
    block = jnp.arange(ids.size // stride, dtype=jnp.int32)[:, None]
    index = jnp.arange(block_length, dtype=jnp.int32)[None, :]
    half = overlap // 2

    if not isinstance(offset, int):
        offset = jnp.asarray(offset, jnp.int32)
    kept = keep.sum(dtype=jnp.int32)
    # What was moved from the end to the front pairs with nothing there: it gets sentences of its
    # own, -2 and below.
    moved = jnp.arange(ids.size, dtype=jnp.int32) < offset + kept - ids.size

    def cut(values, is_sentence=False):
        values = jnp.roll(compact(keep, values, -1), offset)
        if is_sentence:
            values = jnp.where(moved, -2 - values, values)
        if not overlap:
            return values.reshape(-1, block_length)
        return jnp.pad(values, half, constant_values=-1)[stride * block + index]

    cut_ids = cut(ids)
    # Not //, which would look whether they are negative.
    count = jax.lax.div(offset + kept + (stride - 1), jnp.int32(stride))
    count = jnp.minimum(count, ids.size // stride)
    count = jnp.where(kept > 0, count, 0)
    is_center = centers(cut_ids, overlap)
    return TokenBlocks(cut_ids, cut(sentence_ids, True), is_center, count)


def centers(ids: jax.Array, overlap: int) -> jax.Array:
    """Which tokens of some blocks are centers: all but those that a neighboring block owns.

    Args:
      ids: int32 [B, L], word ids; -1 where there is no token.
      overlap: tokens that neighboring blocks share.

    Returns:
      bool [B, L].

    Example:
      >>> centers(jnp.array([[3, 4, 5, -1]]), 2).tolist()
      [[False, True, True, False]]
    """
    index, half = jnp.arange(ids.shape[1])[None, :], overlap // 2
    return (index >= half) & (index < ids.shape[1] - half) & (ids >= 0)
