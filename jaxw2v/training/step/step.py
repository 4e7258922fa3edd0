"""One optimizer step: rows in, gradients of the rows, rows updated. Pure.

Written for one device among others; :class:`~jaxw2v.devices.shards.Shards` says which. The gradient
that trains is that of :meth:`OutputLayer.gradients
<jaxw2v.training.objectives.output_layer.OutputLayer.gradients>` with respect to the rows that were
gathered, not to the tables; the input layer's is JAX's own.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards
from jaxw2v.losses.product import rounded
from jaxw2v.training.objectives import Objective
from jaxw2v.training.step.batch import Blocks, WordArrays, pair_mask
from jaxw2v.training.step.composition import Composed
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import Loss, TrainState
from jaxw2v.training.step.sums import Sums, compose_words, prepare_sums
from jaxw2v.training.step.updates import update_inputs, update_table
from jaxw2v.training.step.whole_table import Scored, Scorer


class _Carry(NamedTuple):
    """What micro-batches add up."""

    grad_inputs: jax.Array
    grad_outputs: jax.Array
    loss: Loss


def blocks_loss(
    state: TrainState,
    blocks: Blocks,
    words: WordArrays[jax.Array],
    objective: Objective,
    shards: Shards,
) -> Loss:
    """The loss of this device's blocks, without a step.

    Args:
      state: the tables.
      blocks: the tokens.
      words: arrays made from the vocabulary.
      objective: what is measured.
      shards: how devices share the tables.

    Returns:
      The loss.
    """
    blocks = blocks._replace(ids=jnp.maximum(blocks.ids, 0))
    layer, constants = objective.output_layer, words.constants.output
    scorer = Scorer(layer, constants, shards)
    composed = None
    if words.parts is not None:
        ids = shards.gather(blocks.ids, shards.block_axes)
        composed = compose_words(
            state,
            objective.input_layer.row_ids(words.constants.input, ids),
            words,
            ids.size,
            shards,
        )
    hidden, targets, _, _ = _hidden(state, blocks, words, objective, shards, composed)

    def add_part(number, total):
        draws, part = layer.part(blocks.draws, targets, number)
        rows = _output_rows(state, layer.row_ids(constants, blocks.ids, draws), shards)
        return total + scorer.loss(Scored(blocks.ids, hidden, rows, part))

    nothing = shards.vary(jnp.float32(0), shards.block_axes)
    total = _over_parts(layer.parts(targets), add_part, nothing, shards)
    pairs = targets.sum(dtype=jnp.float32)
    return Loss(total, pairs, pairs)


def train_step(
    state: TrainState,
    blocks: Blocks,
    num_blocks: jax.Array,
    words: WordArrays[jax.Array],
    progress: jax.Array,
    measure: jax.Array,
    settings: StepSettings,
) -> tuple[TrainState, Loss]:
    """Moves both tables by the gradient of the loss summed over the pairs of all devices.

    The gradients of a micro-batch are summed row by row before the next one is computed, so
    that its rows and scores stay in cache. A micro-batch is shared out over the devices, its
    first blocks to the first one, and its gradients are added in the order of its blocks, so that
    the sums do not depend on the number of devices.

    Args:
      state: the state before.
      blocks: this device's share of each micro-batch, one after another; the first block on the
        first device is not padding.
      num_blocks: int32 [], blocks in use on all devices; micro-batches are filled in order.
      words: arrays made from the vocabulary.
      progress: float32 [], share of training done.
      measure: bool [], whether to measure the loss.
      settings: the static part.

    Returns:
      The state after.
      The loss of this device's blocks before the step, measured on its first micro-batch if at
      all.
    """
    shards, size = settings.shards, settings.blocks_per_micro_batch
    share = shards.share(size)
    blocks = jax.tree.map(lambda array: array.reshape(-1, share, *array.shape[1:]), blocks)
    sums, blocks, state = prepare_sums(state, blocks, words, settings)
    start = _Carry(
        sums.inputs.start(state.input_embedding),
        sums.outputs.start(state.output_embedding, -0.0),
        shards.vary(Loss.nothing(), shards.block_axes),
    )
    add = functools.partial(
        _add_micro_batch,
        state=state,
        blocks=blocks,
        words=words,
        sums=sums,
        measure=measure,
        settings=settings,
    )
    # On a GPU the host waits to learn how many rounds a loop has: one round is done without it.
    if blocks.ids.shape[0] == 1:
        total = add(0, start)
    else:
        total = jax.lax.fori_loop(0, (num_blocks + size - 1) // size, add, start)
    state = update_inputs(state, sums, total.grad_inputs, words, progress, settings)
    output_embedding, output_optimizer = update_table(
        state.output_embedding,
        state.output_optimizer,
        sums.outputs,
        total.grad_outputs,
        progress,
        settings,
    )
    state = state._replace(output_embedding=output_embedding, output_optimizer=output_optimizer)
    return state, total.loss


def _add_micro_batch(
    index: jax.Array | int,
    carry: _Carry,
    *,
    state: TrainState,
    blocks: Blocks,
    words: WordArrays[jax.Array],
    sums: Sums,
    measure: jax.Array,
    settings: StepSettings,
) -> _Carry:
    """Adds the gradients and the loss of one micro-batch.

    Its pieces depend on each other only where they are added up, so that while one of a CPU's
    threads waits in a piece the next one is computed.
    """
    now = jax.tree.map(lambda array: array[index], blocks)
    measured = measure & (index == 0)
    size = -(-blocks.ids.shape[1] // settings.pieces)
    # The last piece has no end: an only one adds up blocks of other devices too.
    for bounds in itertools.pairwise([*range(0, blocks.ids.shape[1], size), None]):
        some = slice(*bounds)
        piece = jax.tree.map(operator.itemgetter(some), now)
        carry = _add_piece(index, some, carry, state, piece, words, sums, measured, settings)
    return carry


def _add_piece(
    index: jax.Array | int,
    some: slice,
    carry: _Carry,
    state: TrainState,
    blocks: Blocks,
    words: WordArrays[jax.Array],
    sums: Sums,
    measured: jax.Array,
    settings: StepSettings,
) -> _Carry:
    """Adds some blocks of a micro-batch, in as many parts as they have."""
    shards, objective = settings.shards, settings.objective
    layer, constants = objective.output_layer, words.constants.output
    scorer = Scorer(layer, constants, shards)
    hidden, targets, input_ids, pull_back = _hidden(
        state, blocks, words, objective, shards, sums.composed
    )

    def add_part(number, carried):
        grad_hidden, grad_outputs, total = carried
        draws, part = layer.part(blocks.draws, targets, number)
        row_ids = layer.row_ids(constants, blocks.ids, draws)
        rows = _output_rows(state, row_ids, shards)
        scored = Scored(blocks.ids, hidden, rows, part)
        grad_part, grad_rows = scorer.gradients(scored)
        grad_outputs = sums.outputs.add(grad_outputs, index, row_ids, grad_rows, some)
        total = _add_loss(measured, total, scorer, scored)
        return grad_hidden + grad_part, grad_outputs, total

    nothing = shards.vary(jnp.zeros(hidden.shape, hidden.dtype), shards.all_axes)
    start = nothing, carry.grad_outputs, carry.loss.total
    grad_hidden, grad_outputs, total = _over_parts(layer.parts(targets), add_part, start, shards)
    grad_rows = pull_back(grad_hidden)[0]
    grad_inputs = sums.inputs.add(carry.grad_inputs, index, input_ids, grad_rows, some)
    formed = targets.sum(dtype=jnp.float32)
    pairs = carry.loss.pairs + jnp.where(measured, formed, 0)
    return _Carry(grad_inputs, grad_outputs, Loss(total, pairs, carry.loss.formed + formed))


def _add_loss(measured: jax.Array, total: jax.Array, scorer: Scorer, scored: Scored) -> jax.Array:
    """Adds the loss where it is asked for.

    A CPU computes no loss that is not asked for. Elsewhere a branch costs more than the loss,
    whose scores are those of the gradients.
    """

    def on_cpu():
        # What a branch may read is held for it: as the products of the gradients read it.
        hidden, rows = rounded(scored.hidden, scored.rows)

        def add():
            whole = scored._replace(
                hidden=hidden.astype(jnp.float32), rows=rows.astype(jnp.float32)
            )
            return total + scorer.loss(whole)

        return jax.lax.cond(measured, add, lambda: total)

    return jax.lax.platform_dependent(
        cpu=on_cpu, default=lambda: jnp.where(measured, total + scorer.loss(scored), total)
    )


def _hidden(
    state: TrainState,
    blocks: Blocks,
    words: WordArrays[jax.Array],
    objective: Objective,
    shards: Shards,
    composed: Composed | None,
) -> tuple[jax.Array, jax.Array, jax.Array, Callable]:
    """Hidden vectors, the target mask, row ids, and how a gradient goes back to the rows."""
    input_layer, _, windows = objective
    constants = words.constants.input
    assert windows is not None
    mask = pair_mask(blocks, words.keep_threshold, windows)
    row_ids = input_layer.row_ids(constants, blocks.ids)
    if composed is None:
        rows = shards.lookup(state.input_embedding, shards.rows(row_ids))
    else:
        rows = composed.lookup(shards.rows(row_ids))
    hidden, pull_back = jax.vjp(
        lambda rows: input_layer.hidden(constants, blocks.ids, rows, mask), rows
    )
    return hidden, input_layer.targets(mask), row_ids, pull_back


def _over_parts(
    parts: jax.Array | int, add_part: Callable[[jax.Array, Any], Any], start: Any, shards: Shards
) -> Any:
    """Adds up parts of the pairs, as many on every device; one part is no loop."""
    if isinstance(parts, int):
        return add_part(jnp.int32(0), start)
    return jax.lax.fori_loop(0, shards.largest(parts, shards.block_axes), add_part, start)


def _output_rows(state: TrainState, row_ids: jax.Array | None, shards: Shards) -> jax.Array:
    """The rows of the output table that the output layer reads; ``None`` asks for all here."""
    if row_ids is not None:
        return shards.lookup(state.output_embedding, shards.rows(row_ids))
    if shards.vocab:
        return shards.vary(state.output_embedding, shards.data)
    # The same table on every device, but gradients of it that differ.
    whole = state.output_embedding[shards.rows_of_all_words]
    return shards.vary(whole, shards.block_axes)
