"""The end of a step: the sums of gradients move the rows."""

from __future__ import annotations

import jax
import optax

from jaxw2v.training.step.batch import WordArrays
from jaxw2v.training.step.composition import update_parts
from jaxw2v.training.step.gradient_sums import GradientSums
from jaxw2v.training.step.row_updates import sweep_rows, update_rows
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import TableState, TrainState
from jaxw2v.training.step.sums import Sums


def update_inputs(
    state: TrainState,
    sums: Sums,
    total: jax.Array,
    words: WordArrays[jax.Array],
    progress: jax.Array,
    settings: StepSettings,
) -> TrainState:
    """Moves the input table, and the rows of n-grams if there are any.

    Args:
      state: the state before.
      sums: how the gradients were summed.
      total: the sums of this device.
      words: arrays made from the vocabulary.
      progress: float32 [], share of training done.
      settings: the static part of the step.

    Returns:
      The state after.
    """
    table = TableState(state.input_embedding, state.input_optimizer)
    ngrams = state.ngram_embedding
    if sums.composed is None:
        table = TableState(*update_table(*table, sums.inputs, total, progress, settings))
    else:
        assert ngrams is not None
        assert words.parts is not None
        table, ngrams = update_parts(
            table,
            ngrams,
            sums.composed,
            sums.inputs.finish(total),
            words.parts,
            settings.optimizer,
            settings.rows_per_pass,
            progress,
            settings.shards,
        )
    return state._replace(
        input_embedding=table.embedding, input_optimizer=table.optimizer, ngram_embedding=ngrams
    )


def update_table(
    table: jax.Array,
    optimizer_state: optax.OptState,
    sums: GradientSums,
    total: jax.Array,
    progress: jax.Array,
    settings: StepSettings,
) -> tuple[jax.Array, optax.OptState]:
    """Moves the rows of a table that the step touched, or all of them.

    Args:
      table: float32 [R / n, D], this device's part.
      optimizer_state: its Optax state.
      sums: how its gradients were summed.
      total: the sums of this device.
      progress: float32 [], share of training done.
      settings: the static part of the step.

    Returns:
      The table and the state after.
    """
    gradients, optimizer = sums.finish(total), settings.optimizer
    if sums.touched is not None:
        return update_rows(
            optimizer,
            table,
            optimizer_state,
            sums.touched,
            gradients,
            settings.rows_per_pass,
            progress,
        )
    if sums.is_touched is not None:
        return sweep_rows(optimizer, table, optimizer_state, sums.is_touched, gradients, progress)
    optimizer = optax.with_extra_args_support(optimizer)
    updates, optimizer_state = optimizer.update(
        gradients, optimizer_state, table, progress=progress
    )
    return optax.apply_updates(table, updates), optimizer_state
