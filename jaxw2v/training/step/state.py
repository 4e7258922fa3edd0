"""What training changes, and how it begins."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.devices.layout import Layout
from jaxw2v.devices.storage_order import num_rows, word_of_row
from jaxw2v.sampling import initial_rows
from jaxw2v.training.setup.job import Job


class TableState(NamedTuple):
    """A table, and what the optimizer keeps of it.

    Attributes:
      embedding: float32 [R, D], in storage order, of which a device holds its part.
      optimizer: Optax state.
    """

    embedding: jax.Array
    optimizer: optax.OptState


class TrainState(NamedTuple):
    """What training changes; R rows, in storage order, of which a device holds its part.

    Attributes:
      input_embedding: float32 [R, D].
      output_embedding: float32 [R, D].
      input_optimizer: Optax state of the input table.
      output_optimizer: Optax state of the output table.
      input_positions: int32 [R], scratch of :func:`find_touched_rows` for the input table.
      output_positions: int32 [R], for the output table.
      ngram_embedding: float32 [R of n-grams, D], which with a word's row in the input table make
        its vector; ``None`` where that is the row alone.
    """

    input_embedding: jax.Array
    output_embedding: jax.Array
    input_optimizer: optax.OptState
    output_optimizer: optax.OptState
    input_positions: jax.Array
    output_positions: jax.Array
    ngram_embedding: jax.Array | None = None


class Loss(NamedTuple):
    """A loss that was measured.

    Attributes:
      total: float32 [], nats, summed over the pairs on which it was measured.
      pairs: float32 [], how many pairs that were, or the sum of their weights.
      formed: float32 [], likewise of all pairs that were trained on.
    """

    total: jax.Array
    pairs: jax.Array
    formed: jax.Array

    @classmethod
    def nothing(cls) -> Loss:
        """No pair."""
        zero = jnp.float32(0)
        return cls(zero, zero, zero)


def state_of_tables(
    input_embedding: jax.Array,
    output_embedding: jax.Array,
    optimizer: optax.GradientTransformation,
) -> TrainState:
    """Makes the state before the first step.

    Args:
      input_embedding: float32 [R, D].
      output_embedding: float32 [R, D].
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
        jnp.zeros(output_embedding.shape[0], jnp.int32),
    )


# Folded into the seed's key for the initial tables; for draws an epoch is, which is never as large.
TABLES_KEY = 2**31 - 1


def place_initial_state(job: Job, layout: Layout) -> tuple[TrainState, jax.Array]:
    """The state and the key of a run whose tables are randomly initialised, where they stay.

    Args:
      job: what the run does.
      layout: the devices.

    Returns:
      The state, and the PRNG key [] from which all draws are folded.
    """
    key = layout.make(lambda: jax.random.key(job.config.seed))
    return layout.make(lambda: initial_state(job)), key


def initial_state(job: Job) -> TrainState:
    """The state before the first step.

    Args:
      job: what the run does.

    Returns:
      The state, tables in storage order; rows that no word owns are zeros.
    """
    key = jax.random.fold_in(jax.random.key(job.config.seed), TABLES_KEY)
    inputs = _initial_table(key, len(job.keep), job.config.embedding_dim)
    state = state_of_tables(inputs, jnp.zeros_like(inputs), job.optimizer)
    if job.subwords is None:
        return state
    key, size = jax.random.fold_in(key, 1), job.subwords.num_shared
    table = _initial_table(key, size, job.config.embedding_dim)
    return state._replace(ngram_embedding=table)


def _initial_table(key: jax.Array, size: int, embedding_dim: int) -> jax.Array:
    """The input rows of :class:`jaxw2v.models.WordEmbeddings`, with zeros where nobody owns one."""
    first_of_rngs = jax.random.fold_in(key, 0)
    table = initial_rows(first_of_rngs, num_rows(size), embedding_dim)
    is_owned = word_of_row(jnp.arange(table.shape[0]), size) < size
    return jnp.where(is_owned[:, None], table, 0)
