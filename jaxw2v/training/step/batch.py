"""The blocks of a step, and which of their tokens form pairs."""

from __future__ import annotations

from typing import Generic, NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.sampling import ContextBounds, subsample_pairs
from jaxw2v.training.objectives import LayerConstants, Windows
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.setup.word_parts import Leaf, WordParts
from jaxw2v.training.step.chunk_keys import ChunkKeys


class Blocks(NamedTuple):
    """A device's share of the tokens of a step, with what was drawn for them.

    Attributes:
      ids: int32 [B, L], word ids; -1 is padding, in a block of padding everywhere.
      bounds: int32 [B, L] each, the contexts of each token.
      draws: what the output layer drew; leaves begin with the axis B.
      pair_keys: PRNG keys [B] by which pairs are subsampled; ``None`` keeps all.
    """

    ids: jax.Array
    bounds: ContextBounds
    draws: Arrays
    pair_keys: jax.Array | None


def pair_mask(blocks: Blocks, keep_threshold: jax.Array, windows: Windows) -> jax.Array:
    """The pairs of some blocks.

    Args:
      blocks: the tokens, each id from 0 to V - 1.
      keep_threshold: uint32 [V], for pairs that are subsampled.
      windows: which tokens form pairs.

    Returns:
      [B, L (context), L (center)], bool, or float32 weights.
    """
    mask = windows.pairs(blocks.bounds)
    if blocks.pair_keys is None:
        return mask
    kept = jax.vmap(subsample_pairs, (0, 0, None))(blocks.pair_keys, blocks.ids, keep_threshold)
    return jnp.where(kept, mask, jnp.zeros((), mask.dtype))


class Chunk(NamedTuple, Generic[Leaf]):
    """A piece of the token stream, or a device's part of it.

    Attributes:
      ids: int32 [C], word ids; -1 is left out (padding, or held out for validation).
      sentence_ids: int32 [C].
    """

    ids: Leaf
    sentence_ids: Leaf


class WordArrays(NamedTuple, Generic[Leaf]):
    """Arrays made once from the vocabulary, the same on every device.

    Attributes:
      keep_threshold: uint32 [V], see :func:`jaxw2v.sampling.keep_threshold`.
      constants: what the layers of the objective made of the vocabulary.
      parts: of which rows of n-grams words are made; ``None`` makes each of its own row alone.
    """

    keep_threshold: Leaf
    constants: LayerConstants
    parts: WordParts[Leaf] | None = None


class ChunkInputs(NamedTuple, Generic[Leaf]):
    """What training on a chunk reads beside the state.

    Attributes:
      chunk: this device's part of the tokens.
      words: arrays made from the vocabulary.
      keys: those of the chunk, from :func:`~jaxw2v.training.chunk_keys`.
      progress: float32 [2], share of training done before and after the chunk.
    """

    chunk: Chunk[Leaf]
    words: WordArrays[Leaf]
    keys: ChunkKeys[Leaf]
    progress: Leaf
