"""The device side of a run: the tables, and the compiled programs that change and read them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jaxw2v.config import Config
from jaxw2v.models import WordEmbeddings
from jaxw2v.sampling import keep_threshold
from jaxw2v.training.chunk import make_evaluate_chunk, make_train_chunk
from jaxw2v.training.dealer import Chunk
from jaxw2v.training.layout import EVERYWHERE, Layout
from jaxw2v.training.objectives import Objective
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.plan import Plan
from jaxw2v.training.shards import Shards
from jaxw2v.training.step import Loss, TrainState, init_state
from jaxw2v.training.storage_order import num_rows, word_of_row

ROWS_AT_ONCE = 1_024


class Engine:
    """Trains on chunks, wherever the tables lie.

    Attributes:
      layout: the devices.
      plan: the sizes.
      state: the tables and the state of the optimizer.
      compile_seconds: how long the training program took to compile.
    """

    def __init__(
        self,
        config: Config,
        plan: Plan,
        objective: Objective,
        optimizer: optax.GradientTransformation,
        constants: Arrays,
        keep: np.ndarray,
        layout: Layout,
    ):
        """Makes the tables and compiles the training program.

        Args:
          config: the settings.
          plan: the sizes.
          objective: what is minimised.
          optimizer: an elementwise transformation.
          constants: of the output layer.
          keep: float [V], keep probability of each word.
          layout: the devices.
        """
        self.layout, self.plan = layout, plan
        self._config, self._objective = config, objective
        self._constants = layout.copy_everywhere((keep_threshold(keep), constants))
        self._key = layout.make(lambda: jax.random.key(config.seed))
        self.state = layout.make(lambda: initial_state(config, len(keep), optimizer))
        specs = layout.specs(self.state)
        self._in_specs = (specs, Chunk(layout.tokens, layout.tokens), *[EVERYWHERE] * 4)
        train = make_train_chunk(config, plan, objective, optimizer, layout.shards)
        in_specs, out_specs = (*self._in_specs, EVERYWHERE), (specs, EVERYWHERE)
        train = layout.program(train, in_specs, out_specs, donate=(0,))
        table = specs.input_embedding
        self._in_word_order = layout.program(
            lambda part: in_word_order(part, layout.shards), (table,), table
        )
        started = time.perf_counter()
        self._train = self._compile(train)
        self.compile_seconds = time.perf_counter() - started

    def _compile(self, train):
        tokens = self.layout.empty_tokens(self.plan.chunk_tokens)
        place, progress = np.zeros(2, np.int32), np.zeros(2, np.float32)
        arguments = (self.state, Chunk(tokens, tokens), *self._constants, self._key)
        return train.lower(*arguments, place, progress).compile()

    def train(self, chunk: Chunk, epoch: int, index: int, progress: np.ndarray) -> Loss:
        """Trains on a chunk; returns before the devices are done.

        Args:
          chunk: the tokens.
          epoch: from 0.
          index: the chunk's place in the stream.
          progress: float32 [2], share of training done before and after.

        Returns:
          The loss.
        """
        place = np.array([epoch + 1, index], np.int32)
        arguments = (chunk, *self._constants, self._key, place, progress)
        self.state, loss = self._train(self.state, *arguments)
        return loss

    def evaluator(self, chunk_tokens: int) -> Callable[[Chunk, int], Loss]:
        """Makes a function that measures the loss of a chunk, with the same draws every time.

        Args:
          chunk_tokens: tokens in a chunk.

        Returns:
          From a chunk and its place in the stream to its loss.
        """
        plan = dataclasses.replace(self.plan, chunk_tokens=chunk_tokens)
        evaluate = make_evaluate_chunk(self._config, plan, self._objective, self.layout.shards)
        evaluate = self.layout.program(evaluate, self._in_specs, EVERYWHERE)

        def measure(chunk: Chunk, index: int) -> Loss:
            place = np.array([0, index], np.int32)
            return evaluate(self.state, chunk, *self._constants, self._key, place)

        return measure

    def tables(self) -> list[np.ndarray | jax.Array]:
        """The tables in the order of the words.

        Returns:
          The input table and, if its rows belong to words, the output table: float32 [V, D] on
          the host; where tables are cut, they stay on the devices, cut in the same way, with rows
          of zeros at the end.
        """
        tables = [self.state.input_embedding]
        if self._objective.output_layer.rows_are_words:
            tables.append(self.state.output_embedding)
        ordered = [self._in_word_order(table) for table in tables]
        if self.layout.shards.vocab:
            return ordered
        return [np.asarray(table.addressable_data(0)) for table in ordered]


def initial_state(
    config: Config, vocabulary_size: int, optimizer: optax.GradientTransformation
) -> TrainState:
    """The state before the first step.

    Args:
      config: the settings.
      vocabulary_size: V, words.
      optimizer: the transformation.

    Returns:
      The state, tables in storage order; rows that no word owns are zeros.
    """
    rngs = nnx.Rngs(jax.random.key(config.seed))
    rows = num_rows(vocabulary_size)
    model = WordEmbeddings(rows, config.embedding_dim, rngs=rngs)
    is_word = word_of_row(jnp.arange(rows), vocabulary_size) < vocabulary_size
    inputs = jnp.where(is_word[:, None], model.input_embedding[...], 0)
    return init_state(inputs, model.output_embedding[...], optimizer)


def in_word_order(table: jax.Array, shards: Shards) -> jax.Array:
    """Turns a table from storage order into the order of the words, on each device.

    Args:
      table: float32 [R / n, D], this device's part.
      shards: how devices share the tables.

    Returns:
      float32 [R / n, D], the rows of this device's share of the words, zeros past the last word;
      [V, D] where tables are not cut.
    """
    if not shards.vocab:
        return table[shards.rows_of_all_words]
    size = shards.rows_here
    at_once = min(ROWS_AT_ONCE, size)

    def piece(i, ordered):
        start = jnp.minimum(i * at_once, size - at_once)
        ids = shards.place(shards.vocab) * size + start + jnp.arange(at_once)
        is_word = ids < shards.vocabulary_size
        rows = shards.lookup(table, shards.rows(jnp.where(is_word, ids, 0)))
        rows = jnp.where(is_word[:, None], rows, 0)
        return jax.lax.dynamic_update_slice_in_dim(ordered, rows, start, 0)

    return jax.lax.fori_loop(0, -(-size // at_once), piece, jnp.zeros_like(table))
