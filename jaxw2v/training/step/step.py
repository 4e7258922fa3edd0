"""One optimizer step: rows in, gradients of the rows, rows updated. Pure.

Written for one device among others; :class:`~jaxw2v.devices.shards.Shards` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxw2v.devices.shards import Shards
from jaxw2v.training.objectives import Objective
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.step.batch import Blocks, pair_mask
from jaxw2v.training.step.gradient_sums import GradientSums
from jaxw2v.training.step.row_updates import sweep_rows, update_rows
from jaxw2v.training.step.state import Loss, TrainState


def blocks_loss(
    state: TrainState,
    blocks: Blocks,
    constants: Arrays,
    keep_threshold: jax.Array,
    objective: Objective,
    shards: Shards,
) -> Loss:
    """The loss of this device's blocks, without a step.

    Args:
      state: the tables.
      blocks: the tokens.
      constants: of the output layer.
      keep_threshold: uint32 [V], for pairs that are subsampled.
      objective: what is measured.
      shards: how devices share the tables.

    Returns:
      The loss.
    """
    blocks = blocks._replace(ids=jnp.maximum(blocks.ids, 0))
    layer = objective.output_layer
    mask = pair_mask(blocks, keep_threshold, objective.expected_window)
    targets = objective.hidden_layer.targets(mask)
    inputs = shards.lookup(state.input_embedding, shards.rows(blocks.ids))
    hidden = objective.hidden_layer.hidden(inputs, mask)

    def add_part(number, total):
        draws, part = layer.part(blocks.draws, targets, number)
        rows = _output_rows(state, layer.row_ids(constants, blocks.ids, draws), shards)
        return total + layer.loss(constants, blocks.ids, hidden, rows, part)

    nothing = shards.vary(jnp.float32(0), shards.devices)
    total = _over_parts(layer.parts(targets), add_part, nothing, shards)
    pairs = targets.sum(dtype=jnp.float32)
    return Loss(total, pairs, pairs)


def _over_parts(
    parts: jax.Array | int, add_part: Callable[[jax.Array, Any], Any], start: Any, shards: Shards
) -> Any:
    """Adds up parts of the pairs, as many on every device; one part is no loop."""
    if isinstance(parts, int):
        return add_part(jnp.int32(0), start)
    return jax.lax.fori_loop(0, shards.largest(parts, shards.devices), add_part, start)


def _output_rows(state: TrainState, row_ids: jax.Array | None, shards: Shards) -> jax.Array:
    """The rows of the output table that the output layer reads."""
    if row_ids is not None:
        return shards.lookup(state.output_embedding, shards.rows(row_ids))
    # The same table on every device, but gradients of it that differ.
    whole = state.output_embedding[shards.rows_of_all_words]
    return shards.vary(whole, shards.devices)


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
    shards: Shards,
    blocks_per_micro_batch: int,
    rows_per_pass: int,
    dense: bool,
) -> tuple[TrainState, Loss]:
    """Moves both tables by the gradient of the loss summed over the pairs of all devices.

    The gradients of a micro-batch are added up row by row before the next one is computed, so
    that its rows and scores stay in cache. A micro-batch is shared out over the devices, its
    first blocks to the first one, and its gradients are added in the order of its blocks, so that
    the sums do not depend on the number of devices.

    Args:
      state: the state before.
      blocks: this device's share of each micro-batch, one after another; the first block on the
        first device is not padding.
      num_blocks: int32 [], blocks in use on all devices; micro-batches are filled in order.
      constants: of the output layer.
      keep_threshold: uint32 [V], for pairs that are subsampled.
      progress: float32 [], share of training done.
      measure: bool [], whether to measure the loss.
      objective: what is minimised.
      optimizer: an elementwise transformation.
      shards: how devices share tables and blocks.
      blocks_per_micro_batch: blocks computed at once, on all devices.
      rows_per_pass: table rows the optimizer handles at once.
      dense: update whole tables, not only the touched rows.

    Returns:
      The state after.
      The loss of this device's blocks before the step, measured on its first micro-batch if at
      all.
    """
    layer = objective.output_layer
    share = shards.share(blocks_per_micro_batch)
    blocks = jax.tree.map(lambda array: array.reshape(-1, share, *array.shape[1:]), blocks)
    ids = shards.gather(blocks.ids, shards.devices, axis=1)
    # Padding stands for a row that the step touches anyway, so that it touches no other.
    some_id = ids[0, 0].max()
    blocks = blocks._replace(ids=jnp.where(blocks.ids >= 0, blocks.ids, some_id))
    input_positions, output_positions = state.input_positions, state.output_positions
    inputs = outputs = GradientSums.at_every_row(shards)
    if not dense:
        known = jnp.where(ids >= 0, ids, some_id)
        inputs, input_positions = GradientSums.at_touched_rows(
            known, input_positions, rows_per_pass, shards
        )
    if not (dense or layer.touches_every_row):
        row_ids = jax.vmap(layer.row_ids, (None, 0, 0))(constants, blocks.ids, blocks.draws)
        row_ids = shards.gather(row_ids, shards.devices, axis=1)
        in_use = (ids >= 0).any(axis=2, keepdims=True)
        row_ids = jnp.where(in_use, row_ids, row_ids[0, 0, 0])
        outputs, output_positions = GradientSums.at_touched_rows(
            row_ids, output_positions, rows_per_pass, shards
        )
    if layer.reads_every_row:
        outputs = GradientSums.of_whole_tables(shards)

    def micro_batch(i, carry):
        of_inputs, of_outputs, loss = carry
        now = jax.tree.map(lambda array: array[i], blocks)
        mask = pair_mask(now, keep_threshold, objective.expected_window)
        targets = objective.hidden_layer.targets(mask)
        read = shards.lookup(state.input_embedding, shards.rows(now.ids))
        hidden, back = jax.vjp(lambda u: objective.hidden_layer.hidden(u, mask), read)

        def add_part(number, sums):
            of_hidden, of_outputs, total = sums
            draws, part = layer.part(now.draws, targets, number)
            row_ids = layer.row_ids(constants, now.ids, draws)
            rows = _output_rows(state, row_ids, shards)
            of_part, of_rows = layer.gradients(constants, now.ids, hidden, rows, part)
            of_outputs = outputs.add(of_outputs, i, row_ids, of_rows)
            total = jax.lax.cond(
                measure & (i == 0),
                lambda: total + layer.loss(constants, now.ids, hidden, rows, part),
                lambda: total,
            )
            return of_hidden + of_part, of_outputs, total

        nothing = shards.vary(jnp.zeros(hidden.shape, hidden.dtype), shards.devices)
        sums = nothing, of_outputs, loss.total
        of_hidden, of_outputs, total = _over_parts(layer.parts(targets), add_part, sums, shards)
        of_inputs = inputs.add(of_inputs, i, now.ids, back(of_hidden)[0])
        formed = targets.sum(dtype=jnp.float32)
        pairs = jnp.where(measure & (i == 0), formed, loss.pairs)
        return of_inputs, of_outputs, Loss(total, pairs, loss.formed + formed)

    start = (
        inputs.start(state.input_embedding),
        outputs.start(state.output_embedding, -0.0),
        shards.vary(Loss.nothing(), shards.devices),
    )
    # A loop whose rounds are counted on a GPU makes the host wait there: one round is no loop.
    if blocks.ids.shape[0] == 1:
        of_inputs, of_outputs, loss = micro_batch(0, start)
    else:
        micro_batches = (num_blocks + blocks_per_micro_batch - 1) // blocks_per_micro_batch
        of_inputs, of_outputs, loss = jax.lax.fori_loop(0, micro_batches, micro_batch, start)

    extended = optax.with_extra_args_support(optimizer)

    def move(table, optimizer_state, sums, total):
        gradients = sums.finish(total)
        if sums.touched is not None:
            return update_rows(
                extended, table, optimizer_state, sums.touched, gradients, rows_per_pass, progress
            )
        if sums.is_touched is not None:
            return sweep_rows(
                extended, table, optimizer_state, sums.is_touched, gradients, progress
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
        input_embedding,
        output_embedding,
        input_optimizer,
        output_optimizer,
        input_positions,
        output_positions,
    )
    return state, loss
