"""Many steps in one program: a chunk of the stream is subsampled, cut into blocks and trained on.

The device does all of it; the host hands over ids and gets back a loss.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.batch import Chunk
from jaxw2v.training.step.dealer import Dealer
from jaxw2v.training.step.state import Loss, TrainState
from jaxw2v.training.step.step import blocks_loss, train_step

# The loss is for the user to watch: measuring every step's would take 2% of the time.
STEPS_PER_LOSS = 8
# On a GPU JAX's own "bfloat16" means TF32.
PRECISIONS = {"float32": "float32", "tensorfloat32": "tensorfloat32", "bfloat16": "BF16_BF16_F32"}


def _fold_in_place(key: jax.Array, place: jax.Array) -> jax.Array:
    return jax.random.fold_in(jax.random.fold_in(key, place[0]), place[1])


def _shuffled(key: jax.Array, size: int, count: jax.Array) -> jax.Array:
    """A random order of 0..count-1, in the front of ``size`` places."""
    draw = jax.random.bits(key, (size,), jnp.uint32) >> 1
    return jnp.argsort(jnp.where(jnp.arange(size) < count, draw, jnp.uint32(2**32 - 1)))


def make_train_chunk(job: Job, shards: Shards) -> Callable[..., tuple[TrainState, Loss, jax.Array]]:
    """Builds the function by which a device trains on its share of a chunk.

    Args:
      job: what the run does.
      shards: how devices share tables and blocks; the function runs under ``jax.pmap`` or
        ``jax.shard_map`` with these axes, or as it is without any.

    Returns:
      A function ``(state, chunk, keep_threshold, constants, key, place, progress) -> (state,
      loss, steps)``: ``state`` holds this device's part of the tables and ``chunk`` its part of the
      tokens; ``keep_threshold`` is uint32 [V]; ``constants`` are those of the output layer;
      ``place``, int32 [2], epoch and chunk, is folded into ``key``; ``progress`` is float32 [2],
      the share of training done before and after the chunk. The loss is that of all devices,
      and ``steps``, int32 [], the optimizer steps that were taken.
    """
    plan = job.plan
    step = functools.partial(
        train_step,
        objective=job.objective,
        optimizer=job.optimizer,
        shards=shards,
        blocks_per_micro_batch=plan.blocks_per_micro_batch,
        rows_per_pass=plan.rows_per_pass,
        dense=job.config.row_updates == "dense",
    )
    dealer = Dealer(job, shards)
    micro_batches = plan.blocks_per_step // plan.blocks_per_micro_batch

    def train_chunk(
        state: TrainState,
        chunk: Chunk,
        keep_threshold: jax.Array,
        constants: Arrays,
        key: jax.Array,
        place: jax.Array,
        progress: jax.Array,
    ) -> tuple[TrainState, Loss, jax.Array]:
        cut_key, order_key = jax.random.split(_fold_in_place(key, place))
        cut = dealer.cut(cut_key, chunk, keep_threshold)
        num_blocks = cut.blocks.count
        order = _shuffled(order_key, cut.blocks.ids.shape[0], num_blocks)
        steps = (num_blocks + plan.blocks_per_step - 1) // plan.blocks_per_step

        def one_step(i, carry):
            state, loss = carry
            # Blocks are dealt evenly, so that no step of the chunk is a small remainder.
            share, extra = num_blocks // steps, num_blocks % steps
            first, count = i * share + jnp.minimum(i, extra), share + (i < extra)
            now = progress[0] + (progress[1] - progress[0]) * jnp.float32(i) / jnp.float32(steps)
            numbers = order.at[first + jnp.arange(plan.blocks_per_step)].get(mode="clip")
            blocks = dealer.deal(cut, numbers, count, micro_batches, constants)
            state, measured = step(
                state,
                blocks,
                count,
                constants,
                keep_threshold,
                progress=now,
                measure=i % STEPS_PER_LOSS == 0,
            )
            return state, jax.tree.map(jnp.add, loss, measured)

        nothing = shards.vary(Loss.nothing(), shards.devices)
        state, loss = jax.lax.fori_loop(0, steps, one_step, (state, nothing))
        return state, shards.sum(loss, shards.devices), steps

    return _in_precision(job, train_chunk)


def _in_precision(job: Job, function: Callable) -> Callable:
    """The function, traced with the precision of products that the settings name."""

    @functools.wraps(function)
    def traced(*arguments):
        with jax.default_matmul_precision(PRECISIONS[job.config.precision]):
            return function(*arguments)

    return traced


def make_evaluate_chunk(job: Job, shards: Shards) -> Callable[..., Loss]:
    """Builds the function by which a device measures the loss of its share of a chunk.

    Args:
      job: what the run does.
      shards: how devices share tables and blocks.

    Returns:
      A function ``(state, chunk, keep_threshold, constants, key, place) -> loss``, arguments as
      those of :func:`make_train_chunk`; the same place draws the same pairs and negatives.
    """

    dealer = Dealer(job, shards)

    def evaluate_chunk(state, chunk, keep_threshold, constants, key, place) -> Loss:
        cut = dealer.cut(_fold_in_place(key, place), chunk, keep_threshold)
        size, count = job.plan.blocks_per_micro_batch, cut.blocks.count

        def measure(i, loss):
            first = i * size
            numbers = first + jnp.arange(size)
            taken = dealer.deal(cut, numbers, count - first, 1, constants)
            measured = blocks_loss(state, taken, constants, keep_threshold, job.objective, shards)
            return jax.tree.map(jnp.add, loss, measured)

        nothing = shards.vary(Loss.nothing(), shards.devices)
        loss = jax.lax.fori_loop(0, (count + size - 1) // size, measure, nothing)
        return shards.sum(loss, shards.devices)

    return _in_precision(job, evaluate_chunk)
