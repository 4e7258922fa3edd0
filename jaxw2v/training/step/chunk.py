"""Many steps in one program: a chunk of the stream is subsampled, cut into blocks and trained on.

The device does all of it; the host hands over ids and gets back a loss.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards
from jaxw2v.losses.product import BFLOAT16_OPERANDS
from jaxw2v.sampling.indexing import CLIP
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.batch import ChunkInputs
from jaxw2v.training.step.dealer import Dealer
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import Loss, TrainState
from jaxw2v.training.step.step import blocks_loss, train_step

# The loss is for the user to watch: measuring every step's would take 2% of the time.
STEPS_PER_LOSS = 8
# On a GPU JAX's own "bfloat16" means TF32.
PRECISIONS = {
    "float32": "float32",
    "tensorfloat32": "tensorfloat32",
    "bfloat16": BFLOAT16_OPERANDS,
}


def _shuffled(key: jax.Array, size: int, count: jax.Array) -> jax.Array:
    """A random order of 0..count-1, at the front of ``size`` numbers."""
    draw = jax.random.bits(key, (size,), jnp.uint32) >> 1
    return jnp.argsort(jnp.where(jnp.arange(size) < count, draw, jnp.uint32(2**32 - 1)))


def _at(index: jax.Array, array: jax.Array) -> jax.Array:
    """An element; of unsigned numbers XLA knows that they do not count from the end."""
    return jax.lax.dynamic_index_in_dim(array, index.astype(jnp.uint32), keepdims=False)


def _ratio(number: jax.Array, divisor: jax.Array | int) -> jax.Array:
    """The integer part, of numbers that are not negative: ``//`` would look whether they are."""
    return jax.lax.div(number, jnp.int32(divisor))


class _Parts(NamedTuple):
    """What each step of a chunk takes of it, arrays [most steps].

    Attributes:
      first: int32, its first block.
      count: int32, its blocks.
      progress: float32, share of training done before it.
      measured: bool, whether its loss is measured.
    """

    first: jax.Array
    count: jax.Array  # type: ignore[assignment]
    progress: jax.Array
    measured: jax.Array


def _share_out(
    size: int, num_blocks: jax.Array, steps: jax.Array, progress: jax.Array, blocks_per_step: int
) -> _Parts:
    """Deals the blocks evenly, so that no step of the chunk is a small remainder."""
    index = jnp.arange(-(-size // blocks_per_step), dtype=jnp.int32)
    some = jnp.maximum(steps, 1)
    share = _ratio(num_blocks, some)
    extra = num_blocks - share * some
    done = index.astype(jnp.float32) / some.astype(jnp.float32)
    return _Parts(
        first=index * share + jnp.minimum(index, extra),
        count=share + (index < extra).astype(jnp.int32),
        progress=progress[0] + (progress[1] - progress[0]) * done,
        measured=index % STEPS_PER_LOSS == 0,
    )


def make_train_chunk(
    job: Job, shards: Shards
) -> Callable[[TrainState, ChunkInputs[jax.Array]], tuple[TrainState, Loss, jax.Array]]:
    """Builds the function by which a device trains on its share of a chunk.

    Args:
      job: what the run does.
      shards: how devices share tables and blocks; the function runs under ``jax.pmap`` or
        ``jax.shard_map`` with these axes, or as it is without any.

    Returns:
      A function ``(state, inputs) -> (state, loss, steps)``: this device's part of the state before
      and after; the loss of all devices; and int32 [], the optimizer steps that were taken.
    """
    plan, settings = job.plan, StepSettings.of(job, shards)
    dealer = Dealer(job, shards)
    micro_batches = plan.blocks_per_step // plan.blocks_per_micro_batch

    def train_chunk(
        state: TrainState, inputs: ChunkInputs[jax.Array]
    ) -> tuple[TrainState, Loss, jax.Array]:
        words, keys, progress = inputs.words, inputs.keys, inputs.progress
        cut = dealer.cut(keys, inputs.chunk, words.keep_threshold)
        num_blocks = cut.count
        order = _shuffled(keys.order, cut.ids.shape[0], num_blocks)
        steps = _ratio(num_blocks + plan.blocks_per_step - 1, plan.blocks_per_step)
        parts = _share_out(order.size, num_blocks, steps, progress, plan.blocks_per_step)

        def one_step(i, carry):
            state, loss = carry
            part = jax.tree.map(functools.partial(_at, i), parts)
            numbers = order.at[part.first + jnp.arange(plan.blocks_per_step)].get(**CLIP)
            blocks = dealer.deal(
                keys, cut, numbers, part.count, micro_batches, words.constants.output
            )
            state, measured = train_step(
                state, blocks, part.count, words, part.progress, part.measured, settings
            )
            return state, jax.tree.map(jnp.add, loss, measured)

        nothing = shards.vary(Loss.nothing(), shards.block_axes)
        state, loss = jax.lax.fori_loop(0, steps, one_step, (state, nothing))
        return state, shards.sum(loss, shards.block_axes), steps

    return _in_precision(job, train_chunk)


def _in_precision(job: Job, function: Callable) -> Callable:
    """The function, traced with the precision of products that the settings name."""

    @functools.wraps(function)
    def traced(*arguments):
        with jax.default_matmul_precision(PRECISIONS[job.config.precision]):
            return function(*arguments)

    return traced


def make_evaluate_chunk(
    job: Job, shards: Shards
) -> Callable[[TrainState, ChunkInputs[jax.Array]], Loss]:
    """Builds the function by which a device measures the loss of its share of a chunk.

    Args:
      job: what the run does.
      shards: how devices share tables and blocks.

    Returns:
      A function ``(state, inputs) -> loss``, as :func:`make_train_chunk` has them but for
      ``progress``, which is not read; the same keys draw the same pairs and negatives.
    """
    dealer, objective = Dealer(job, shards), job.objective.across(shards.vocab, shards.dim)

    def evaluate_chunk(state: TrainState, inputs: ChunkInputs[jax.Array]) -> Loss:
        words, keys = inputs.words, inputs.keys
        cut = dealer.cut(keys, inputs.chunk, words.keep_threshold)
        size, count = job.plan.blocks_per_micro_batch, cut.count

        def measure(i, loss):
            first = i * size
            numbers = first + jnp.arange(size)
            blocks = dealer.deal(keys, cut, numbers, count - first, 1, words.constants.output)
            measured = blocks_loss(state, blocks, words, objective, shards)
            return jax.tree.map(jnp.add, loss, measured)

        nothing = shards.vary(Loss.nothing(), shards.block_axes)
        loss = jax.lax.fori_loop(0, (count + size - 1) // size, measure, nothing)
        return shards.sum(loss, shards.block_axes)

    return _in_precision(job, evaluate_chunk)
