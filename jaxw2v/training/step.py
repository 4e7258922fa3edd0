"""One optimizer step: rows in, gradients of the rows, rows updated. Pure."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.losses import block_negative_sampling_gradients, block_negative_sampling_loss
from jaxw2v.sampling import NoiseDistribution, effective_windows, positive_mask, sample_noise
from jaxw2v.training.row_updates import capacity, find_touched_rows, update_rows


class TrainState(NamedTuple):
    """What training changes.

    Attributes:
      input_embedding: float32 [V, D].
      output_embedding: float32 [V, D].
      input_optimizer: Optax state of the input table.
      output_optimizer: Optax state of the output table.
      positions: int32 [V], scratch of :func:`find_touched_rows`.
    """

    input_embedding: jax.Array
    output_embedding: jax.Array
    input_optimizer: optax.OptState
    output_optimizer: optax.OptState
    positions: jax.Array


class Blocks(NamedTuple):
    """Tokens to train on.

    Attributes:
      ids: int32 [B, L], word ids; padding is any id, not ``valid``.
      sentence_ids: int32 [B, L].
      valid: bool [B, L].
      keys: PRNG keys [B], one a block, so that draws do not depend on the size of a step.
    """

    ids: jax.Array
    sentence_ids: jax.Array
    valid: jax.Array
    keys: jax.Array


class Loss(NamedTuple):
    """A loss that was measured.

    Attributes:
      total: float32 [], nats, summed over pairs.
      pairs: float32 [], the pairs.
    """

    total: jax.Array
    pairs: jax.Array


def init_state(
    input_embedding: jax.Array,
    output_embedding: jax.Array,
    optimizer: optax.GradientTransformation,
) -> TrainState:
    """Makes the state before the first step.

    Args:
      input_embedding: float32 [V, D].
      output_embedding: float32 [V, D].
      optimizer: the transformation.

    Returns:
      The state.
    """
    return TrainState(
        input_embedding,
        output_embedding,
        optimizer.init(input_embedding),
        optimizer.init(output_embedding),
        jnp.zeros(input_embedding.shape[0], jnp.int32),
    )


def draw_pairs(
    blocks: Blocks, noise: NoiseDistribution, window: int, num_noise: int
) -> tuple[jax.Array, jax.Array]:
    """Draws windows and negatives, block by block.

    Args:
      blocks: the tokens.
      noise: the distribution of negatives.
      window: W, the largest window (words).
      num_noise: N, negatives of a block.

    Returns:
      effective windows: int32 [B, L].
      negatives: int32 [B, N], word ids.
    """
    length = blocks.ids.shape[1]

    def one_block(key):
        window_key, noise_key = jax.random.split(key)
        windows = effective_windows(window_key, (length,), window)
        return windows, sample_noise(noise_key, noise, (num_noise,))

    return jax.vmap(one_block)(blocks.keys)


def blocks_loss(
    state: TrainState,
    blocks: Blocks,
    noise: NoiseDistribution,
    window: int,
    num_negatives: int,
    num_noise: int,
) -> Loss:
    """The loss of some blocks, without a step.

    Args:
      state: the tables.
      blocks: the tokens.
      noise: the distribution of negatives.
      window: W, the largest window (words).
      num_negatives: K, negatives for a pair in expectation.
      num_noise: N, negatives of a block.

    Returns:
      The loss.
    """
    windows, negatives = draw_pairs(blocks, noise, window, num_noise)
    mask = positive_mask(windows, blocks.sentence_ids, blocks.valid)
    outputs = state.output_embedding[jnp.concatenate([blocks.ids, negatives], axis=1)]
    return _measure(state.input_embedding[blocks.ids], outputs, mask, num_negatives)


def _measure(centers: jax.Array, outputs: jax.Array, mask: jax.Array, num_negatives: int) -> Loss:
    length = centers.shape[1]
    contexts, negatives = outputs[:, :length], outputs[:, length:]
    total = block_negative_sampling_loss(centers, contexts, negatives, mask, num_negatives)
    return Loss(total, mask.sum(dtype=jnp.float32))


def train_step(
    state: TrainState,
    blocks: Blocks,
    num_blocks: jax.Array,
    noise: NoiseDistribution,
    optimizer: optax.GradientTransformation,
    progress: jax.Array,
    *,
    window: int,
    num_negatives: int,
    num_noise: int,
    blocks_per_micro_batch: int,
    rows_per_pass: int,
    dense: bool,
) -> tuple[TrainState, Loss]:
    """Moves both tables by the gradient of the loss summed over the step's pairs.

    The gradients of a micro-batch are added up row by row before the next one is computed, so
    that its rows and scores stay in cache.

    Args:
      state: the state before.
      blocks: B blocks; those from ``num_blocks`` on are padding. The first token is valid.
      num_blocks: int32 [], blocks in use.
      noise: the distribution of negatives.
      optimizer: an elementwise transformation.
      progress: float32 [], share of training done.
      window: W, the largest window (words).
      num_negatives: K, negatives for a pair in expectation.
      num_noise: N, negatives of a block.
      blocks_per_micro_batch: blocks computed at once; divides B.
      rows_per_pass: table rows the optimizer handles at once.
      dense: update whole tables, not only the touched rows.

    Returns:
      The state after.
      The loss before the step, measured on its first micro-batch.
    """
    vocabulary_size, dim = state.input_embedding.shape
    windows, negatives = draw_pairs(blocks, noise, window, num_noise)
    # Padding stands for a row that the step touches anyway, so that it touches no other.
    first_id, in_use = blocks.ids[0, 0], jnp.arange(blocks.ids.shape[0]) < num_blocks
    blocks = blocks._replace(ids=jnp.where(blocks.valid, blocks.ids, first_id))
    negatives = jnp.where(in_use[:, None], negatives, first_id)
    output_ids = jnp.concatenate([blocks.ids, negatives], axis=1)
    positions = state.positions
    if dense:
        inputs = outputs = None
        input_slots, output_slots = blocks.ids, output_ids
        input_size = output_size = vocabulary_size
    else:
        inputs, positions = find_touched_rows(blocks.ids.reshape(-1), positions, rows_per_pass)
        outputs, positions = find_touched_rows(output_ids.reshape(-1), positions, rows_per_pass)
        input_slots = inputs.slots.reshape(blocks.ids.shape)
        output_slots = outputs.slots.reshape(output_ids.shape)
        input_size = capacity(blocks.ids.size, vocabulary_size, rows_per_pass)
        output_size = capacity(output_ids.size, vocabulary_size, rows_per_pass)

    def micro_batch(i, carry):
        of_inputs, of_outputs, loss = carry

        def part(array):
            return jax.lax.dynamic_slice_in_dim(
                array, i * blocks_per_micro_batch, blocks_per_micro_batch
            )

        mask = positive_mask(part(windows), part(blocks.sentence_ids), part(blocks.valid))
        centers = state.input_embedding[part(blocks.ids)]
        outputs = state.output_embedding[part(output_ids)]
        of_centers, of_block_outputs = block_negative_sampling_gradients(
            centers, outputs, mask, num_negatives
        )
        return (
            of_inputs.at[part(input_slots)].add(of_centers),
            of_outputs.at[part(output_slots)].add(of_block_outputs),
            jax.lax.cond(i == 0, measure, lambda *_: loss, centers, outputs, mask),
        )

    def measure(centers, outputs, mask):
        return _measure(centers, outputs, mask, num_negatives)

    no_loss = Loss(jnp.float32(0), jnp.float32(0))
    start = (
        jnp.zeros((input_size, dim), jnp.float32),
        jnp.zeros((output_size, dim), jnp.float32),
        no_loss,
    )
    micro_batches = (num_blocks + blocks_per_micro_batch - 1) // blocks_per_micro_batch
    of_inputs, of_outputs, loss = jax.lax.fori_loop(0, micro_batches, micro_batch, start)

    extended = optax.with_extra_args_support(optimizer)

    def move(table, optimizer_state, touched, gradients):
        if touched is not None:
            return update_rows(
                extended, table, optimizer_state, touched, gradients, rows_per_pass, progress
            )
        updates, optimizer_state = extended.update(
            gradients, optimizer_state, table, progress=progress
        )
        return optax.apply_updates(table, updates), optimizer_state

    input_embedding, input_optimizer = move(
        state.input_embedding, state.input_optimizer, inputs, of_inputs
    )
    output_embedding, output_optimizer = move(
        state.output_embedding, state.output_optimizer, outputs, of_outputs
    )
    state = TrainState(
        input_embedding, output_embedding, input_optimizer, output_optimizer, positions
    )
    return state, loss
