"""One optimizer step: rows in, gradients of the rows, rows updated. Pure."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.sampling import ContextBounds, positive_mask, subsample_pairs
from jaxw2v.training.objectives import Objective
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.row_updates import TouchedRows, add_to_rows, find_touched_rows, update_rows


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
      draws: what the output layer drew; leaves begin with the axis B.
      pair_keys: PRNG keys [B] by which pairs are subsampled; ``None`` keeps all.
    """

    ids: jax.Array
    bounds: ContextBounds
    draws: Arrays
    pair_keys: jax.Array | None


class Loss(NamedTuple):
    """A loss that was measured.

    Attributes:
      total: float32 [], nats, summed over the pairs on which it was measured.
      pairs: float32 [], those pairs.
      formed: float32 [], all pairs, those on which it was not measured too.
    """

    total: jax.Array
    pairs: jax.Array
    formed: jax.Array

    @classmethod
    def nothing(cls) -> Loss:
        """No pair."""
        zero = jnp.float32(0)
        return cls(zero, zero, zero)


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


def blocks_loss(
    state: TrainState,
    blocks: Blocks,
    constants: Arrays,
    keep_threshold: jax.Array,
    objective: Objective,
) -> Loss:
    """The loss of some blocks, without a step.

    Args:
      state: the tables.
      blocks: the tokens.
      constants: of the output layer.
      keep_threshold: uint32 [V], for pairs that are subsampled.
      objective: what is measured.

    Returns:
      The loss.
    """
    blocks = blocks._replace(ids=jnp.maximum(blocks.ids, 0))
    row_ids = objective.output_layer.row_ids(constants, blocks.ids, blocks.draws)
    rows = _rows(state.output_embedding, row_ids)
    mask = pair_mask(blocks, keep_threshold)
    return _measure(objective, constants, blocks.ids, state.input_embedding[blocks.ids], rows, mask)


def pair_mask(blocks: Blocks, keep_threshold: jax.Array) -> jax.Array:
    """The pairs of some blocks.

    Args:
      blocks: the tokens, each id from 0 to V - 1.
      keep_threshold: uint32 [V], for pairs that are subsampled.

    Returns:
      bool [B, L (context), L (center)].
    """
    mask = positive_mask(blocks.bounds)
    if blocks.pair_keys is None:
        return mask
    kept = jax.vmap(subsample_pairs, (0, 0, None))(blocks.pair_keys, blocks.ids, keep_threshold)
    return mask & kept


def _rows(table: jax.Array, row_ids: jax.Array | None) -> jax.Array:
    return table if row_ids is None else table[row_ids]


def _measure(
    objective: Objective,
    constants: Arrays,
    ids: jax.Array,
    inputs: jax.Array,
    rows: jax.Array,
    mask: jax.Array,
) -> Loss:
    hidden = objective.hidden_layer.hidden(inputs, mask)
    targets = objective.hidden_layer.targets(mask)
    total = objective.output_layer.loss(constants, ids, hidden, rows, targets)
    pairs = targets.sum(dtype=jnp.float32)
    return Loss(total, pairs, pairs)


def _gradients(
    objective: Objective,
    constants: Arrays,
    ids: jax.Array,
    inputs: jax.Array,
    rows: jax.Array,
    mask: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    hidden, back = jax.vjp(lambda u: objective.hidden_layer.hidden(u, mask), inputs)
    of_hidden, of_rows = objective.output_layer.gradients(
        constants, ids, hidden, rows, objective.hidden_layer.targets(mask)
    )
    return back(of_hidden)[0], of_rows


def train_step(
    state: TrainState,
    blocks: Blocks,
    num_blocks: jax.Array,
    constants: Arrays,
    keep_threshold: jax.Array,
    progress: jax.Array,
    measure: jax.Array,
    *,
    objective: Objective,
    optimizer: optax.GradientTransformation,
    blocks_per_micro_batch: int,
    rows_per_pass: int,
    dense: bool,
) -> tuple[TrainState, Loss]:
    """Moves both tables by the gradient of the loss summed over the step's pairs.

    The gradients of a micro-batch are added up row by row before the next one is computed, so
    that its rows and scores stay in cache.

    Args:
      state: the state before.
      blocks: B blocks; those from ``num_blocks`` on are padding, and the first is none.
      num_blocks: int32 [], blocks in use.
      constants: of the output layer.
      keep_threshold: uint32 [V], for pairs that are subsampled.
      progress: float32 [], share of training done.
      measure: bool [], whether to measure the loss.
      objective: what is minimised.
      optimizer: an elementwise transformation.
      blocks_per_micro_batch: blocks computed at once; divides B.
      rows_per_pass: table rows the optimizer handles at once.
      dense: update whole tables, not only the touched rows.

    Returns:
      The state after.
      The loss before the step, measured on its first micro-batch if at all.
    """
    layer = objective.output_layer
    # Padding stands for a row that the step touches anyway, so that it touches no other.
    some_id = blocks.ids[0].max()
    blocks = blocks._replace(ids=jnp.where(blocks.ids >= 0, blocks.ids, some_id))
    positions = state.positions
    inputs = outputs = row_ids = None
    if not dense:
        inputs, positions = find_touched_rows(blocks.ids.reshape(-1), positions, rows_per_pass)
    if not (dense or layer.touches_every_row):
        row_ids = layer.row_ids(constants, blocks.ids, blocks.draws)
        in_use = jnp.arange(row_ids.shape[0]) < num_blocks
        row_ids = jnp.where(in_use[:, None], row_ids, row_ids[0, 0])
        outputs, positions = find_touched_rows(row_ids.reshape(-1), positions, rows_per_pass)

    def micro_batch(i, carry):
        of_inputs, of_outputs, loss = carry
        first = i * blocks_per_micro_batch

        def part(array):
            return jax.lax.dynamic_slice_in_dim(array, first, blocks_per_micro_batch)

        now = jax.tree.map(part, blocks)
        ids_of_rows = (
            layer.row_ids(constants, now.ids, now.draws) if row_ids is None else part(row_ids)
        )
        arguments = (
            now.ids,
            state.input_embedding[now.ids],
            _rows(state.output_embedding, ids_of_rows),
            pair_mask(now, keep_threshold),
        )
        of_centers, of_rows = _gradients(objective, constants, *arguments)
        of_inputs = add_to_rows(of_inputs, _slots(inputs, now.ids, first), of_centers)
        if ids_of_rows is None:
            of_outputs = of_outputs + of_rows
        else:
            of_outputs = add_to_rows(of_outputs, _slots(outputs, ids_of_rows, first), of_rows)
        mask = arguments[-1]
        formed = loss.formed + objective.hidden_layer.targets(mask).sum(dtype=jnp.float32)
        loss = jax.lax.cond(
            measure & (i == 0),
            lambda: _measure(objective, constants, *arguments),
            lambda: loss,
        )
        return of_inputs, of_outputs, loss._replace(formed=formed)

    start = (
        _zeros(state.input_embedding, inputs),
        _zeros(state.output_embedding, outputs),
        Loss.nothing(),
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


def _slots(touched: TouchedRows | None, ids: jax.Array, first_block: jax.Array) -> jax.Array:
    """Where the gradients of these ids are added up; without touched rows, at the ids."""
    if touched is None:
        return ids
    per_block = ids.shape[1]
    return jax.lax.dynamic_slice_in_dim(touched.slots, first_block * per_block, ids.size)


def _zeros(table: jax.Array, touched: TouchedRows | None) -> jax.Array:
    rows = table.shape[0] if touched is None else touched.rows.size
    return jnp.zeros((rows, table.shape[1]), jnp.float32)
