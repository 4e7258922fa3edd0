"""Deals the blocks of a chunk of the stream to the devices, with all that is drawn for them."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards
from jaxw2v.sampling import (
    ContextBounds,
    cut_into_blocks,
    effective_windows,
    random_integers,
    subsample,
)
from jaxw2v.sampling.blocks import centers
from jaxw2v.sampling.indexing import CLIP, IN_BOUNDS
from jaxw2v.sampling.windows import bounds_within, sentence_spans
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.batch import Blocks, Chunk
from jaxw2v.training.step.chunk_keys import ChunkKeys


class BlockedChunk(NamedTuple):
    """The kept tokens of a chunk, the same on every device.

    Attributes:
      ids: int32 [B, L], the tokens in blocks; -1 where there is none.
      spans: uint32 [B, L], where the sentences of the tokens begin and end in the block: two
        positions of 16 bits, since each array more is a gather more in every step.
      count: int32 [], blocks that hold a center; the others come last.
    """

    ids: jax.Array
    spans: jax.Array
    count: jax.Array  # type: ignore[assignment]


@dataclasses.dataclass(frozen=True)
class Dealer:
    """Cuts chunks and deals blocks.

    What is drawn for a block depends on the keys and on its number in the chunk, not on the device
    that draws.

    Attributes:
      job: what the run does.
      shards: how devices share blocks.
    """

    job: Job
    shards: Shards

    @property
    def _by_pair(self) -> bool:
        """Whether subsampling leaves out pairs instead of tokens."""
        return self.job.config.subsample_formula == "percentile"

    def cut(
        self, keys: ChunkKeys[jax.Array], chunk: Chunk[jax.Array], keep_threshold: jax.Array
    ) -> BlockedChunk:
        """Joins the parts of a chunk that devices hold, subsamples and cuts it.

        Args:
          keys: those of the chunk.
          chunk: this device's part.
          keep_threshold: uint32 [V].

        Returns:
          The blocks.
        """
        plan, shards = self.job.plan, self.shards
        # What the last devices hold past the end of the chunk is padding.
        ids, sentence_ids = (
            shards.gather(part, shards.block_axes)[: plan.chunk_tokens] for part in chunk
        )
        keep = ids >= 0 if self._by_pair else subsample(keys.keep, ids, keep_threshold)
        stride = plan.block_length - plan.overlap
        # Two, since of one number a TPU's compiler computes every bit by operations of its own.
        offset = random_integers(keys.offset, (2,), stride)[0]
        blocks = cut_into_blocks(keep, ids, sentence_ids, plan.block_length, plan.overlap, offset)
        first, last = (
            position.astype(jnp.uint32) for position in sentence_spans(blocks.sentence_ids)
        )
        return BlockedChunk(blocks.ids, first << 16 | last, blocks.count)

    def deal(
        self,
        keys: ChunkKeys[jax.Array],
        cut: BlockedChunk,
        wanted: jax.Array,
        count: jax.Array,
        micro_batches: int,
        constants: Arrays,
    ) -> Blocks:
        """This device's share of some blocks, with what is drawn for them.

        Each micro-batch is shared out over the devices; places left over are padding.

        Args:
          keys: those of the chunk.
          cut: its blocks.
          wanted: int32 [n], indices of blocks, those wanted first.
          count: int32 [], blocks wanted.
          micro_batches: m, that hold them.
          constants: the constants of the output layer.

        Returns:
          m times as many blocks as a device computes at once.
        """
        objective, size = self.job.objective, self.job.plan.blocks_per_micro_batch
        windows = objective.windows
        assert windows is not None
        share = self.shards.share(size)
        in_micro_batch = self.shards.index(self.shards.block_axes) * share + jnp.arange(share)
        first = size * jnp.arange(micro_batches)[:, None]
        taken = (first + in_micro_batch[None, :]).reshape(-1)
        in_use = jnp.tile(in_micro_batch < size, micro_batches) & (taken < count)
        numbers = wanted.at[taken].get(**CLIP)
        ids, spans = (array.at[numbers].get(**IN_BOUNDS) for array in (cut.ids, cut.spans))
        ids = jnp.where(in_use[:, None], ids, -1)
        window: jax.Array | int = windows.window
        if windows.draws:
            window = effective_windows(keys.window, ids.shape, windows.window, start=numbers)
        bounds = bounds_within(
            ContextBounds((spans >> 16).astype(jnp.int32), (spans & 0xFFFF).astype(jnp.int32)),
            window,
            centers(ids, self.job.plan.overlap),
            windows.side,
            windows.require_full_window,
        )
        draws = objective.output_layer.draw(keys.output, constants, numbers)
        pair_keys = None
        if self._by_pair:
            pair_keys = jax.vmap(jax.random.fold_in, (None, 0))(keys.keep, numbers)
        return Blocks(ids, bounds, draws, pair_keys)
