"""One optimizer step: rows in, gradients of the rows, rows updated. Pure."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.losses import block_negative_sampling_gradients, block_negative_sampling_loss
from jaxw2v.sampling import ContextBounds, positive_mask
from jaxw2v.training.row_updates import add_to_rows, find_touched_rows, update_rows


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
    """Tokens to train on, with what was drawn for them.

    Attributes:
      ids: int32 [B, L], word ids; -1 is padding.
      bounds: int32 [B, L] each, the contexts of each token.
      negatives: int32 [B, N], word ids.
    """

    ids: jax.Array
    bounds: ContextBounds
    negatives: jax.Array


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


def blocks_loss(state: TrainState, blocks: Blocks, num_negatives: int) -> Loss:
    """The loss of some blocks, without a step.

    Args:
      state: the tables.
      blocks: the tokens.
      num_negatives: K, negatives for a pair in expectation.

    Returns:
      The loss.
    """
    blocks = blocks._replace(ids=jnp.maximum(blocks.ids, 0))
    outputs = state.output_embedding[_output_ids(blocks)]
    return _measure(state.input_embedding[blocks.ids], outputs, blocks.bounds, num_negatives)


def _output_ids(blocks: Blocks) -> jax.Array:
    return jnp.concatenate([blocks.ids, blocks.negatives], axis=1)


def _measure(
    centers: jax.Array, outputs: jax.Array, bounds: ContextBounds, num_negatives: int
) -> Loss:
    length = centers.shape[1]
    contexts, negatives = outputs[:, :length], outputs[:, length:]
    mask = positive_mask(bounds)
    total = block_negative_sampling_loss(centers, contexts, negatives, mask, num_negatives)
    return Loss(total, (bounds.last - bounds.first).sum(dtype=jnp.float32))


def train_step(
    state: TrainState,
    blocks: Blocks,
    num_blocks: jax.Array,
    optimizer: optax.GradientTransformation,
    progress: jax.Array,
    measure: jax.Array,
    *,
    num_negatives: int,
    blocks_per_micro_batch: int,
    rows_per_pass: int,
    dense: bool,
) -> tuple[TrainState, Loss]:
    """Moves both tables by the gradient of the loss summed over the step's pairs.

    The gradients of a micro-batch are added up row by row before the next one is computed, so
    that its rows and scores stay in cache.

    Args:
      state: the state before.
      blocks: B blocks; those from ``num_blocks`` on are padding. The first token is none.
      num_blocks: int32 [], blocks in use.
      optimizer: an elementwise transformation.
      progress: float32 [], share of training done.
      measure: bool [], whether to measure the loss.
      num_negatives: K, negatives for a pair in expectation.
      blocks_per_micro_batch: blocks computed at once; divides B.
      rows_per_pass: table rows the optimizer handles at once.
      dense: update whole tables, not only the touched rows.

    Returns:
      The state after.
      The loss before the step, measured on its first micro-batch; zeros if not measured.
    """
    # Padding stands for a row that the step touches anyway, so that it touches no other.
    first_id, in_use = blocks.ids[0, 0], jnp.arange(blocks.ids.shape[0]) < num_blocks
    blocks = blocks._replace(
        ids=jnp.where(blocks.ids >= 0, blocks.ids, first_id),
        negatives=jnp.where(in_use[:, None], blocks.negatives, first_id),
    )
    vocabulary_size, dim = state.input_embedding.shape
    output_ids, positions = _output_ids(blocks), state.positions
    if dense:
        inputs = outputs = None
        input_slots, output_slots = blocks.ids, output_ids
        input_size = output_size = vocabulary_size
    else:
        inputs, positions = find_touched_rows(blocks.ids.reshape(-1), positions, rows_per_pass)
        outputs, positions = find_touched_rows(output_ids.reshape(-1), positions, rows_per_pass)
        input_slots = inputs.slots.reshape(blocks.ids.shape)
        output_slots = outputs.slots.reshape(output_ids.shape)
        input_size, output_size = inputs.rows.size, outputs.rows.size

    def micro_batch(i, carry):
        of_inputs, of_outputs, loss = carry

        def part(array):
            return jax.lax.dynamic_slice_in_dim(
                array, i * blocks_per_micro_batch, blocks_per_micro_batch
            )

        bounds = jax.tree.map(part, blocks.bounds)
        centers = state.input_embedding[part(blocks.ids)]
        outputs = state.output_embedding[part(output_ids)]
        of_centers, of_block_outputs = block_negative_sampling_gradients(
            centers, outputs, positive_mask(bounds), num_negatives
        )
        return (
            add_to_rows(of_inputs, part(input_slots), of_centers),
            add_to_rows(of_outputs, part(output_slots), of_block_outputs),
            jax.lax.cond(
                measure & (i == 0),
                lambda *rows: _measure(*rows, bounds, num_negatives),
                lambda *rows: loss,
                centers,
                outputs,
            ),
        )

    start = (
        jnp.zeros((input_size, dim), jnp.float32),
        jnp.zeros((output_size, dim), jnp.float32),
        Loss(jnp.float32(0), jnp.float32(0)),
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
