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


class BlockedChunk(NamedTuple):
    """The kept tokens of a chunk, the same on every device, and keys to draw with.

    Attributes:
      ids: int32 [B, L], the tokens in blocks; -1 where there is none.
      spans: uint32 [B, L], where the sentences of the tokens begin and end in the block: two
        positions of 16 bits, since each array more is a gather more in every step.
      count: int32 [], blocks that hold a center; the others come last.
      window_key: the key for windows.
      output_key: the key for the output layer.
      pair_key: the key for the subsampling of pairs; ``None`` keeps all.
    """

    ids: jax.Array
    spans: jax.Array
    count: jax.Array  # type: ignore[assignment]
    window_key: jax.Array
    output_key: jax.Array
    pair_key: jax.Array | None


@dataclasses.dataclass(frozen=True)
class Dealer:
    """Cuts chunks and deals blocks.

    What is drawn for a block depends on the key and on its number in the chunk, not on the device
    that draws.

    Attributes:
      job: what the run does.
      shards: how devices share blocks.
    """

    job: Job
    shards: Shards

    def cut(
        self, key: jax.Array, chunk: Chunk[jax.Array], keep_threshold: jax.Array
    ) -> BlockedChunk:
        """Joins the parts of a chunk that devices hold, subsamples and cuts it.

        Args:
          key: a PRNG key.
          chunk: this device's part.
          keep_threshold: uint32 [V].

        Returns:
          The blocks.
        """
        keep_key, window_key, output_key, offset_key = jax.random.split(key, 4)
        plan, shards = self.job.plan, self.shards
        # What the last devices hold past the end of the chunk is padding.
        ids, sentence_ids = (
            shards.gather(part, shards.devices)[: plan.chunk_tokens] for part in chunk
        )
        by_pair = self.job.config.subsample_formula == "percentile"
        keep = ids >= 0 if by_pair else subsample(keep_key, ids, keep_threshold)
        stride = plan.block_length - plan.overlap
        # Two, since of one number a TPU's compiler computes every bit by operations of its own.
        offset = random_integers(offset_key, (2,), stride)[0]
        blocks = cut_into_blocks(keep, ids, sentence_ids, plan.block_length, plan.overlap, offset)
        first, last = (
            position.astype(jnp.uint32) for position in sentence_spans(blocks.sentence_ids)
        )
        return BlockedChunk(
            ids=blocks.ids,
            spans=first << 16 | last,
            count=blocks.count,
            window_key=window_key,
            output_key=output_key,
            pair_key=keep_key if by_pair else None,
        )

    def deal(
        self,
        cut: BlockedChunk,
        wanted: jax.Array,
        count: jax.Array,
        micro_batches: int,
        constants: Arrays,
    ) -> Blocks:
        """This device's share of some blocks, with what is drawn for them.

        Each micro-batch is shared out over the devices; places left over are padding.

        Args:
          cut: the blocks of the chunk.
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
        in_micro_batch = self.shards.index(self.shards.devices) * share + jnp.arange(share)
        first = size * jnp.arange(micro_batches)[:, None]
        taken = (first + in_micro_batch[None, :]).reshape(-1)
        in_use = jnp.tile(in_micro_batch < size, micro_batches) & (taken < count)
        numbers = wanted.at[taken].get(**CLIP)
        ids, spans = (array.at[numbers].get(**IN_BOUNDS) for array in (cut.ids, cut.spans))
        ids = jnp.where(in_use[:, None], ids, -1)
        window: jax.Array | int = windows.window
        if windows.draws:
            window = effective_windows(cut.window_key, ids.shape, windows.window, start=numbers)
        bounds = bounds_within(
            ContextBounds((spans >> 16).astype(jnp.int32), (spans & 0xFFFF).astype(jnp.int32)),
            window,
            centers(ids, self.job.plan.overlap),
            windows.side,
            windows.require_full_window,
        )
        draws = objective.output_layer.draw(cut.output_key, constants, numbers)
        pair_keys = None
        if cut.pair_key is not None:
            pair_keys = jax.vmap(jax.random.fold_in, (None, 0))(cut.pair_key, numbers)
        return Blocks(ids, bounds, draws, pair_keys)
