"""What a step has to find out first: the rows that it touches, and where their gradients go."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards
from jaxw2v.training.step.batch import Blocks, WordArrays
from jaxw2v.training.step.composition import Composed, compose
from jaxw2v.training.step.gradient_sums import GradientSums
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import TrainState


class Sums(NamedTuple):
    """How the gradients of both tables are summed.

    Attributes:
      inputs: of the input table, or of the vectors that are made of n-grams.
      outputs: of the output table.
      composed: these vectors, if there are any.
    """

    inputs: GradientSums
    outputs: GradientSums
    composed: Composed | None = None


def prepare_sums(
    state: TrainState, blocks: Blocks, words: WordArrays[jax.Array], settings: StepSettings
) -> tuple[Sums, Blocks, TrainState]:
    """Finds the rows that the step touches; padding then stands for one of them.

    Args:
      state: the state before.
      blocks: this device's share of each micro-batch.
      words: arrays made from the vocabulary.
      settings: the static part of the step.

    Returns:
      The sums to be, the blocks, and the state with its scratch used.
    """
    shards, input_layer, layer = settings.shards, *settings.objective[:2]
    ids = shards.gather(blocks.ids, shards.block_axes, axis=1)
    # Padding stands for a row that the step touches anyway, so that it touches no other.
    some_id = ids[0, 0].max()
    blocks = blocks._replace(ids=jnp.where(blocks.ids >= 0, blocks.ids, some_id))
    inputs = outputs = GradientSums.at_every_row(shards)
    known = jnp.where(ids >= 0, ids, some_id)
    row_ids = jax.vmap(input_layer.row_ids, (None, 0))(words.constants.input, known)
    composed = None
    if words.parts is not None:
        composed = compose_words(state, row_ids, words, settings.rows_per_pass, shards)
        inputs = GradientSums.at_words(composed.words, row_ids.shape, shards)
    elif not settings.dense:
        inputs, positions = GradientSums.at_touched_rows(
            row_ids, state.input_positions, settings.rows_per_pass, shards
        )
        state = state._replace(input_positions=positions)
    if layer.reads_every_row:
        outputs = GradientSums.of_whole_tables(shards)
    elif not (settings.dense or layer.touches_every_row):
        read = jax.vmap(layer.row_ids, (None, 0, 0))(
            words.constants.output, blocks.ids, blocks.draws
        )
        assert read is not None
        read = shards.gather(read, shards.block_axes, axis=1)
        in_use = (ids >= 0).any(axis=2, keepdims=True)
        read = jnp.where(in_use, read, read[0, 0, 0])
        outputs, positions = GradientSums.at_touched_rows(
            read, state.output_positions, settings.rows_per_pass, shards, unmarked=-1
        )
        state = state._replace(output_positions=positions)
    return Sums(inputs, outputs, composed), blocks, state


def compose_words(
    state: TrainState,
    row_ids: jax.Array,
    words: WordArrays[jax.Array],
    rows_per_pass: int,
    shards: Shards,
) -> Composed:
    """The vectors of words that are made of n-grams.

    Args:
      state: the tables.
      row_ids: int32 [...], the rows that the blocks of all devices read.
      words: arrays made from the vocabulary.
      rows_per_pass: table rows that the optimizer handles at once.
      shards: how devices share the tables.

    Returns:
      The vectors.
    """
    assert state.ngram_embedding is not None
    assert words.parts is not None
    rows = shards.rows(row_ids)
    own, ngrams = state.input_embedding, state.ngram_embedding
    return compose(own, ngrams, rows, words.parts, rows_per_pass, shards)
