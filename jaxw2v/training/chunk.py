"""Many steps in one program: a chunk of the stream is subsampled, cut into blocks and trained on.

The device does all of it; the host hands over ids and gets back a loss.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.config import Config
from jaxw2v.sampling import context_bounds, cut_into_blocks, effective_windows, subsample
from jaxw2v.training.objectives import Objective
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.plan import Plan
from jaxw2v.training.step import Blocks, Loss, TrainState, blocks_loss, train_step

# The loss is for the user to watch: measuring every step's would take 2% of the time.
STEPS_PER_LOSS = 8


class Chunk(NamedTuple):
    """A piece of the token stream.

    Attributes:
      ids: int32 [C], word ids; -1 is left out (padding, or held out for validation).
      sentence_ids: int32 [C].
    """

    ids: jax.Array
    sentence_ids: jax.Array


def _draw(
    key: jax.Array,
    chunk: Chunk,
    keep_threshold: jax.Array,
    constants: Arrays,
    config: Config,
    plan: Plan,
    objective: Objective,
) -> tuple[Blocks, jax.Array]:
    """Cuts the chunk into blocks, draws for all of them, and counts those in use."""
    keep_key, window_key, output_key = jax.random.split(key, 3)
    by_pair = config.subsample_formula == "percentile"
    keep = chunk.ids >= 0 if by_pair else subsample(keep_key, chunk.ids, keep_threshold)
    cut = cut_into_blocks(keep, chunk.ids, chunk.sentence_ids, plan.block_length, plan.overlap)
    num_blocks = cut.ids.shape[0]
    windows = effective_windows(window_key, cut.ids.shape, config.window, config.window_sampling)
    bounds = context_bounds(
        windows, cut.sentence_ids, cut.is_center, config.context_side, config.require_full_window
    )
    draws = objective.output_layer.draw(output_key, constants, num_blocks)
    pair_keys = None
    if by_pair:
        pair_keys = jax.vmap(jax.random.fold_in, (None, 0))(keep_key, jnp.arange(num_blocks))
    return Blocks(cut.ids, bounds, draws, pair_keys), cut.count


def _take(blocks: Blocks, index: jax.Array, count: jax.Array) -> Blocks:
    """The blocks of a step; those from ``count`` on become padding."""
    taken = jax.tree.map(lambda array: array[index], blocks)
    in_use = (jnp.arange(index.size) < count)[:, None]
    nothing = jnp.arange(taken.ids.shape[1], dtype=jnp.int32)
    return taken._replace(
        ids=jnp.where(in_use, taken.ids, -1),
        bounds=jax.tree.map(lambda bound: jnp.where(in_use, bound, nothing), taken.bounds),
    )


def _shuffled(key: jax.Array, size: int, count: jax.Array) -> jax.Array:
    """A random order of 0..count-1, in the front of ``size`` places."""
    draw = jax.random.bits(key, (size,), jnp.uint32) >> 1
    return jnp.argsort(jnp.where(jnp.arange(size) < count, draw, jnp.uint32(2**32 - 1)))


def make_train_chunk(
    config: Config,
    plan: Plan,
    objective: Objective,
    optimizer: optax.GradientTransformation,
) -> Callable[..., tuple[TrainState, Loss]]:
    """Builds the jitted function that trains on a chunk.

    Args:
      config: the settings.
      plan: the sizes.
      objective: what is minimised.
      optimizer: an elementwise transformation.

    Returns:
      A function ``(state, chunk, keep_threshold, constants, key, progress) -> (state, loss)``:
      ``state`` is donated; ``keep_threshold`` is uint32 [V];
      ``constants`` are those of the output layer; ``progress`` is float32 [2], the
      share of training done before and after the chunk.
    """
    step = functools.partial(
        train_step,
        objective=objective,
        optimizer=optimizer,
        blocks_per_micro_batch=plan.blocks_per_micro_batch,
        rows_per_pass=plan.rows_per_pass,
        dense=config.row_updates == "dense",
    )

    @functools.partial(jax.jit, donate_argnums=0)
    def train_chunk(
        state: TrainState,
        chunk: Chunk,
        keep_threshold: jax.Array,
        constants: Arrays,
        key: jax.Array,
        progress: jax.Array,
    ) -> tuple[TrainState, Loss]:
        draw_key, order_key = jax.random.split(key)
        blocks, num_blocks = _draw(
            draw_key, chunk, keep_threshold, constants, config, plan, objective
        )
        order = _shuffled(order_key, blocks.ids.shape[0], num_blocks)
        steps = (num_blocks + plan.blocks_per_step - 1) // plan.blocks_per_step

        def one_step(i, carry):
            state, loss = carry
            # Blocks are dealt evenly, so that no step of the chunk is a small remainder.
            share, extra = num_blocks // steps, num_blocks % steps
            first, count = i * share + jnp.minimum(i, extra), share + (i < extra)
            index = order[first + jnp.arange(plan.blocks_per_step)]
            now = progress[0] + (progress[1] - progress[0]) * jnp.float32(i) / jnp.float32(steps)
            state, measured = step(
                state,
                _take(blocks, index, count),
                count,
                constants,
                keep_threshold,
                progress=now,
                measure=i % STEPS_PER_LOSS == 0,
            )
            return state, jax.tree.map(jnp.add, loss, measured)

        return jax.lax.fori_loop(0, steps, one_step, (state, Loss.nothing()))

    return train_chunk


def make_evaluate_chunk(config: Config, plan: Plan, objective: Objective) -> Callable[..., Loss]:
    """Builds the jitted function that measures the loss of a chunk.

    Args:
      config: the settings.
      plan: the sizes.
      objective: what is measured.

    Returns:
      A function ``(state, chunk, keep_threshold, constants, key) -> loss``, arguments as those of
      :func:`make_train_chunk`; the same key draws the same pairs and negatives.
    """

    @jax.jit
    def evaluate_chunk(state, chunk, keep_threshold, constants, key) -> Loss:
        blocks, num_blocks = _draw(key, chunk, keep_threshold, constants, config, plan, objective)
        size = plan.blocks_per_micro_batch

        def measure(i, loss):
            first = i * size
            taken = _take(blocks, first + jnp.arange(size), num_blocks - first)
            measured = blocks_loss(state, taken, constants, keep_threshold, objective)
            return jax.tree.map(jnp.add, loss, measured)

        return jax.lax.fori_loop(0, (num_blocks + size - 1) // size, measure, Loss.nothing())

    return evaluate_chunk
