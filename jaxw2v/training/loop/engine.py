"""Holds the state of a run, and calls the compiled programs that change and read it."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from jaxw2v.corpus import Vocabulary
from jaxw2v.devices.layout import EVERYWHERE, Layout
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.devices.word_order import in_word_order
from jaxw2v.freed_memory import give_back_freed_memory
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.batch import Chunk, ChunkInputs
from jaxw2v.training.step.chunk import make_evaluate_chunk
from jaxw2v.training.step.chunk_keys import ChunkKeys, chunk_keys
from jaxw2v.training.step.program import chunk_specs, lower_training, word_arrays
from jaxw2v.training.step.state import Loss, TrainState, place_initial_state
from jaxw2v.vectors import SubwordVectors, WordVectors


class Engine:
    """Trains on chunks, wherever the tables lie.

    Attributes:
      job: what the run does.
      layout: the devices.
      state: the tables and the state of the optimizer, as the training program takes them.
      key: PRNG key [] from which all draws are folded.
      compile_seconds: how long the training program took to compile.
    """

    def __init__(self, job: Job, layout: Layout, start: tuple[TrainState, jax.Array] | None = None):
        """Compiles the training program and makes the tables.

        Args:
          job: what the run does.
          layout: the devices.
          start: state and key to go on from; ``None`` makes those of a new run.
        """
        self.job, self.layout = job, layout
        started = time.perf_counter()
        # Before the tables of a new run are there: compiling takes as much memory again.
        self._train = lower_training(job, layout).compile()
        self.compile_seconds = time.perf_counter() - started
        give_back_freed_memory()
        self._words = layout.copy_everywhere(word_arrays(job))
        sizes = {len(job.keep)} | ({job.subwords.num_shared} if job.subwords else set())
        self._in_word_order = {size: _ordering(layout, size) for size in sizes}
        state, self.key = place_initial_state(job, layout) if start is None else start
        self.state = layout.for_training(state)

    def train(
        self, chunk: Chunk[jax.Array], epoch: int, index: int, progress: np.ndarray
    ) -> tuple[Loss, jax.Array]:
        """Trains on a chunk; returns before the devices are done.

        Args:
          chunk: the tokens.
          epoch: the number of the epoch, from 0.
          index: the index of the chunk in the stream.
          progress: float32 [2], share of training done before and after.

        Returns:
          The loss, and the optimizer steps taken.
        """
        inputs = ChunkInputs(chunk, self._words, self._keys(epoch + 1, index), progress)
        self.state, loss, steps = self._train(self.state, inputs)
        return loss, steps

    def evaluator(self, chunk_tokens: int) -> Callable[[Chunk[jax.Array], int], Loss]:
        """Makes a function that measures the loss of a chunk, with the same draws every time.

        Args:
          chunk_tokens: tokens in a chunk.

        Returns:
          A function of a chunk and its index in the stream, to its loss.
        """
        plan = dataclasses.replace(self.job.plan, chunk_tokens=chunk_tokens)
        job = dataclasses.replace(self.job, plan=plan)
        evaluate = self.layout.program(
            make_evaluate_chunk(job, self.layout.shards),
            (self.layout.training_specs(self.state), chunk_specs(self.layout)),
            EVERYWHERE,
        )
        no_progress = np.zeros(2, np.float32)

        def measure(chunk: Chunk[jax.Array], index: int) -> Loss:
            inputs = ChunkInputs(chunk, self._words, self._keys(0, index), no_progress)
            return evaluate(self.state, inputs)

        return measure

    def _keys(self, epoch: int, index: int) -> ChunkKeys[jax.Array]:
        return self._derive_keys(self.key, np.array([epoch, index], np.int32))

    @functools.cached_property
    def _derive_keys(self) -> Callable[[jax.Array, np.ndarray], ChunkKeys[jax.Array]]:
        return self.layout.program(chunk_keys, (EVERYWHERE, EVERYWHERE), EVERYWHERE)

    def reconcile(self) -> None:
        """Makes the copies of the tables the same again.

        A GPU adds rows in no fixed order: copies that add the same gradients each for themselves
        drift apart by rounding. Exchanged sums, and a CPU, keep them equal.
        """
        self.state = self._mean_of_copies(self.state)

    @functools.cached_property
    def _mean_of_copies(self) -> Callable[[TrainState], TrainState]:
        shards, specs = self.layout.shards, self.layout.training_specs(self.state)

        def mean(leaf):
            if not (jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.ndim):
                return leaf
            return jax.lax.pmean(shards.vary(leaf, shards.data), shards.data)

        return self.layout.program(
            functools.partial(jax.tree.map, mean), (specs,), specs, donate=(0,)
        )

    def state_by_rows(self) -> TrainState:
        """The state as it is kept, with whole rows.

        Returns:
          The state.
        """
        return self._by_rows(self.state)

    @functools.cached_property
    def _by_rows(self) -> Callable[[TrainState], TrainState]:
        return self.layout.by_rows(self.state)

    def word_vectors(self, vocabulary: Vocabulary) -> WordVectors:
        """The vectors so far; those that are made of n-grams are on the host.

        Args:
          vocabulary: the words.

        Returns:
          The vectors.

        Raises:
          InputError: a number is not finite.
        """
        tables, shared, subwords = self.tables(), self.job.subwords, None
        if shared is not None:
            assert self.state.ngram_embedding is not None
            own = _on_host(tables[0], len(vocabulary))
            ngrams = self._owned_rows(self.state.ngram_embedding, shared.num_shared)
            subwords = SubwordVectors.of_tables(shared, own, _on_host(ngrams, shared.num_shared))
            tables[0] = shared.vectors_of(own, subwords.shared)
        outputs = tables[1] if len(tables) > 1 else None
        return WordVectors(vocabulary, tables[0], outputs, subwords)

    def tables(self) -> list[np.ndarray | jax.Array]:
        """The tables of words in their order.

        Returns:
          The input table and, if its rows belong to words, the output table: float32 [V, D] on
          the host; where the rows of tables are sharded, they stay on the devices, sharded in the
          same way, with rows of zeros at the end.
        """
        tables = [self.state.input_embedding]
        if self.job.objective.output_layer.rows_are_words:
            tables.append(self.state.output_embedding)
        return [self._owned_rows(table, len(self.job.keep)) for table in tables]

    def _owned_rows(self, table: jax.Array, size: int) -> np.ndarray | jax.Array:
        """A table of so many owned rows, in their order: on the host unless rows are sharded."""
        ordered = self._in_word_order[size](self._table_by_rows(table))
        if self.layout.shards.vocab:
            return ordered
        if self.layout.shards.dim:
            return _on_host(ordered, size)
        return np.asarray(ordered.addressable_data(0))

    @functools.cached_property
    def _table_by_rows(self) -> Callable[[jax.Array], jax.Array]:
        return self.layout.by_rows(self.state.input_embedding)


def _ordering(layout: Layout, size: int) -> Callable[[jax.Array], jax.Array]:
    """The program that puts a table of so many owned rows in their order."""
    shards = dataclasses.replace(layout.row_shards, vocabulary_size=size)
    table = PartitionSpec(shards.vocab or None)
    return layout.program(lambda part: in_word_order(part, shards), (table,), table)


def _on_host(table: np.ndarray | jax.Array, size: int) -> np.ndarray:
    if isinstance(table, np.ndarray):
        return table
    return np.concatenate(list(pieces(table, size)))
