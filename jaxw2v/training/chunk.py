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
from jaxw2v.sampling import NoiseDistribution, TokenBlocks, cut_into_blocks, subsample
from jaxw2v.training.plan import Plan
from jaxw2v.training.step import Blocks, Loss, TrainState, blocks_loss, train_step


class Chunk(NamedTuple):
    """A piece of the token stream.

    Attributes:
      ids: int32 [C], word ids; -1 is left out (padding, or held out for validation).
      sentence_ids: int32 [C].
    """

    ids: jax.Array
    sentence_ids: jax.Array


def _keep_and_cut(
    key: jax.Array, chunk: Chunk, keep_threshold: jax.Array, block_length: int
) -> TokenBlocks:
    keep = subsample(key, chunk.ids, keep_threshold)
    return cut_into_blocks(keep, chunk.ids, chunk.sentence_ids, block_length)


def _take(kept: TokenBlocks, order: jax.Array, first: jax.Array, count: jax.Array, size: int, key):
    place = jnp.arange(size)
    index = order[jnp.where(place < count, first + place, 0)]
    ids = kept.ids[index]
    valid = (ids >= 0) & (place < count)[:, None]
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, index)
    return Blocks(jnp.where(valid, ids, 0), kept.sentence_ids[index], valid, keys)


def _shuffled(key: jax.Array, size: int, count: jax.Array) -> jax.Array:
    """A random order of 0..count-1, in the front of ``size`` places."""
    draw = jax.random.bits(key, (size,), jnp.uint32) >> 1
    return jnp.argsort(jnp.where(jnp.arange(size) < count, draw, jnp.uint32(2**32 - 1)))


def make_train_chunk(
    config: Config, plan: Plan, optimizer: optax.GradientTransformation
) -> Callable[..., tuple[TrainState, Loss]]:
    """Builds the jitted function that trains on a chunk.

    Args:
      config: the settings.
      plan: the sizes.
      optimizer: an elementwise transformation.

    Returns:
      A function ``(state, chunk, keep_threshold, noise, key, progress) -> (state, loss)``:
      ``state`` is donated; ``keep_threshold`` is uint32 [V]; ``progress`` is float32 [2], the
      share of training done before and after the chunk.
    """
    step = functools.partial(
        train_step,
        optimizer=optimizer,
        window=config.window,
        num_negatives=config.num_negatives,
        num_noise=plan.negatives_per_block,
        blocks_per_micro_batch=plan.blocks_per_micro_batch,
        rows_per_pass=plan.rows_per_pass,
        dense=config.row_updates == "dense",
    )

    @functools.partial(jax.jit, donate_argnums=0)
    def train_chunk(
        state: TrainState,
        chunk: Chunk,
        keep_threshold: jax.Array,
        noise: NoiseDistribution,
        key: jax.Array,
        progress: jax.Array,
    ) -> tuple[TrainState, Loss]:
        keep_key, order_key, block_key = jax.random.split(key, 3)
        kept = _keep_and_cut(keep_key, chunk, keep_threshold, plan.block_length)
        order = _shuffled(order_key, kept.ids.shape[0], kept.count)
        steps = (kept.count + plan.blocks_per_step - 1) // plan.blocks_per_step

        def one_step(i, carry):
            state, loss = carry
            # Blocks are dealt evenly, so that no step of the chunk is a small remainder.
            share, extra = kept.count // steps, kept.count % steps
            first, count = i * share + jnp.minimum(i, extra), share + (i < extra)
            blocks = _take(kept, order, first, count, plan.blocks_per_step, block_key)
            now = progress[0] + (progress[1] - progress[0]) * jnp.float32(i) / jnp.float32(steps)
            state, measured = step(state, blocks, count, noise, progress=now)
            return state, jax.tree.map(jnp.add, loss, measured)

        nothing = Loss(jnp.float32(0), jnp.float32(0))
        return jax.lax.fori_loop(0, steps, one_step, (state, nothing))

    return train_chunk


def make_evaluate_chunk(config: Config, plan: Plan) -> Callable[..., Loss]:
    """Builds the jitted function that measures the loss of a chunk.

    Args:
      config: the settings.
      plan: the sizes.

    Returns:
      A function ``(state, chunk, keep_threshold, noise, key) -> loss``, the arguments as those of
      :func:`make_train_chunk`; the same key draws the same pairs and negatives.
    """

    @jax.jit
    def evaluate_chunk(state, chunk, keep_threshold, noise, key) -> Loss:
        keep_key, block_key = jax.random.split(key)
        kept = _keep_and_cut(keep_key, chunk, keep_threshold, plan.block_length)
        size = plan.blocks_per_micro_batch
        order = jnp.arange(kept.ids.shape[0])

        def measure(i, loss):
            first = i * size
            count = jnp.minimum(size, kept.count - first)
            blocks = _take(kept, order, first, count, size, block_key)
            measured = blocks_loss(
                state,
                blocks,
                noise,
                config.window,
                config.num_negatives,
                plan.negatives_per_block,
            )
            return jax.tree.map(jnp.add, loss, measured)

        nothing = Loss(jnp.float32(0), jnp.float32(0))
        return jax.lax.fori_loop(0, (kept.count + size - 1) // size, measure, nothing)

    return evaluate_chunk
