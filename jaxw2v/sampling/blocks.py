"""Cuts the kept tokens of a stream into blocks of equal length."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.sampling.compaction import compact


class TokenBlocks(NamedTuple):
    """Consecutive kept tokens, L to a block.

    Attributes:
      ids: int32 [B, L], word ids; -1 after the last kept token.
      sentence_ids: int32 [B, L]; -1 after the last kept token.
      count: int32 [], blocks that hold a token; the others come last.
    """

    ids: jax.Array
    sentence_ids: jax.Array
    count: jax.Array


def cut_into_blocks(
    keep: jax.Array, ids: jax.Array, sentence_ids: jax.Array, block_length: int
) -> TokenBlocks:
    """Drops what is not kept and cuts the rest; pairs form inside a block only.

    Args:
      keep: bool [n], from :func:`jaxw2v.sampling.subsample`.
      ids: int32 [n], word ids.
      sentence_ids: int32 [n], each token's sentence.
      block_length: L, tokens in a block; divides n.

    Returns:
      B = n / L blocks.

    Raises:
      ValueError: ``block_length`` does not divide n.

    Example:
      >>> keep = jnp.array([True, False, True, True])
      >>> cut_into_blocks(keep, jnp.arange(4), jnp.zeros(4, jnp.int32), 2).ids.tolist()
      [[0, 2], [3, -1]]
    """
    if ids.size % block_length:
        raise ValueError(f"block_length {block_length} does not divide the {ids.size} ids")
    return TokenBlocks(
        compact(keep, ids, -1).reshape(-1, block_length),
        compact(keep, sentence_ids, -1).reshape(-1, block_length),
        (keep.sum(dtype=jnp.int32) + block_length - 1) // block_length,
    )
