"""The keys of a chunk, which a program of their own derives.

Threefry within the training program would be a fifth of what is compiled there.
"""

from __future__ import annotations

from typing import Generic, NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.training.setup.word_parts import Leaf


class ChunkKeys(NamedTuple, Generic[Leaf]):
    """PRNG keys [] of all draws on a chunk.

    Attributes:
      keep: which tokens, or pairs, subsampling keeps.
      window: the windows.
      output: what the output layer draws.
      offset: where the first block begins.
      order: the order of the blocks.
    """

    keep: Leaf
    window: Leaf
    output: Leaf
    offset: Leaf
    order: Leaf


def chunk_keys(key: jax.Array, epoch_and_chunk: jax.Array) -> ChunkKeys[jax.Array]:
    """The keys of a chunk.

    Args:
      key: PRNG key [] from which all draws of a run are folded.
      epoch_and_chunk: int32 [2]: the epoch from 1, or 0 for validation, so that it draws the same
        every time; and the index of the chunk in the stream.

    Returns:
      The keys.

    Example:
      >>> keys = chunk_keys(jax.random.key(1), jnp.array([1, 0]))
      >>> again = chunk_keys(jax.random.key(1), jnp.array([2, 0]))
      >>> bool(keys.keep == again.keep)
      False
    """
    fold_in = jax.vmap(jax.random.fold_in)
    epoch, chunk = jnp.repeat(epoch_and_chunk, 2).reshape(2, 2)
    blocks, order = fold_in(fold_in(jax.random.split(key), epoch), chunk)
    keep, window, output, offset = jax.random.split(blocks, 4)
    return ChunkKeys(keep, window, output, offset, order)
