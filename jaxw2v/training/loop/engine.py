"""The device side of a run: the tables, and the compiled programs that change and read them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.devices.layout import EVERYWHERE, Layout
from jaxw2v.devices.shards import Shards
from jaxw2v.sampling import keep_threshold
from jaxw2v.training.objectives.output_layer import Arrays
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.batch import Chunk
from jaxw2v.training.step.chunk import make_evaluate_chunk, make_train_chunk
from jaxw2v.training.step.state import Loss, TrainState, initial_state, new_state

ROWS_AT_ONCE = 1_024


class Engine:
    """Trains on chunks, wherever the tables lie.

    Attributes:
      job: what the run does.
      layout: the devices.
      state: the tables and the state of the optimizer.
      key: PRNG key [] from which all draws are folded.
      compile_seconds: how long the training program took to compile.
    """

    def __init__(self, job: Job, layout: Layout, start: tuple[TrainState, jax.Array] | None = None):
        """Makes the tables and compiles the training program.

        Args:
          job: what the run does.
          layout: the devices.
          start: state and key to go on from; ``None`` makes those of a new run.
        """
        self.job, self.layout = job, layout
        self._constants = layout.copy_everywhere(_constants(job))
        self.state, self.key = new_state(job, layout) if start is None else start
        table = layout.specs(self.state.input_embedding)
        self._in_word_order = layout.program(
            lambda part: in_word_order(part, layout.shards), (table,), table
        )
        started = time.perf_counter()
        self._train = lower_training(job, layout).compile()
        self.compile_seconds = time.perf_counter() - started

    def train(
        self, chunk: Chunk, epoch: int, index: int, progress: np.ndarray
    ) -> tuple[Loss, jax.Array]:
        """Trains on a chunk; returns before the devices are done.

        Args:
          chunk: the tokens.
          epoch: from 0.
          index: the chunk's place in the stream.
          progress: float32 [2], share of training done before and after.

        Returns:
          The loss, and the optimizer steps taken.
        """
        place = np.array([epoch + 1, index], np.int32)
        arguments = (chunk, *self._constants, self.key, place, progress)
        self.state, loss, steps = self._train(self.state, *arguments)
        return loss, steps

    def evaluator(self, chunk_tokens: int) -> Callable[[Chunk, int], Loss]:
        """Makes a function that measures the loss of a chunk, with the same draws every time.

        Args:
          chunk_tokens: tokens in a chunk.

        Returns:
          From a chunk and its place in the stream to its loss.
        """
        plan = dataclasses.replace(self.job.plan, chunk_tokens=chunk_tokens)
        job = dataclasses.replace(self.job, plan=plan)
        evaluate = make_evaluate_chunk(job, self.layout.shards)
        evaluate = self.layout.program(evaluate, _specs(self.layout, self.state), EVERYWHERE)

        def measure(chunk: Chunk, index: int) -> Loss:
            place = np.array([0, index], np.int32)
            return evaluate(self.state, chunk, *self._constants, self.key, place)

        return measure

    def reconcile(self) -> None:
        """Makes the copies of the tables the same again.

        A GPU adds rows in no fixed order: copies that add the same gradients each for themselves
        drift apart by rounding. Exchanged sums, and a CPU, keep them equal.
        """
        shards = self.layout.shards

        def mean(state):
            def of(leaf):
                floating = jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.ndim
                return (
                    jax.lax.pmean(shards.vary(leaf, shards.data), shards.data) if floating else leaf
                )

            return jax.tree.map(of, state)

        specs = self.layout.specs(self.state)
        self.state = self.layout.program(mean, (specs,), specs, donate=(0,))(self.state)

    def tables(self) -> list[np.ndarray | jax.Array]:
        """The tables in the order of the words.

        Returns:
          The input table and, if its rows belong to words, the output table: float32 [V, D] on
          the host; where tables are cut, they stay on the devices, cut in the same way, with rows
          of zeros at the end.
        """
        tables = [self.state.input_embedding]
        if self.job.objective.output_layer.rows_are_words:
            tables.append(self.state.output_embedding)
        if self.layout.shards.vocab:
            return [self._in_word_order(table) for table in tables]
        return [np.asarray(self._in_word_order(table).addressable_data(0)) for table in tables]


def _constants(job: Job) -> tuple[np.ndarray, Arrays]:
    return keep_threshold(job.keep), job.constants


def _specs(layout: Layout, state: TrainState) -> tuple:
    """How the state, the chunk, both constants, the key and the place are cut."""
    return (layout.specs(state), Chunk(layout.tokens, layout.tokens), *[EVERYWHERE] * 4)


def lower_training(job: Job, layout: Layout) -> jax.stages.Lowered:
    """Lowers the program that trains on a chunk, from shapes alone.

    Args:
      job: what the run does.
      layout: the devices.

    Returns:
      The program, to be compiled.
    """
    state = layout.shapes(lambda: initial_state(job))
    in_specs, progress = _specs(layout, state), jax.ShapeDtypeStruct((2,), jnp.float32)
    train = make_train_chunk(job, layout.shards)
    train = layout.program(
        train, (*in_specs, EVERYWHERE), (in_specs[0], EVERYWHERE, EVERYWHERE), donate=(0,)
    )
    tokens = layout.empty_tokens(job.plan.chunk_tokens)
    constants = layout.shapes_of_copies(_constants(job))
    key = layout.shapes(lambda: jax.random.key(0))
    place = jax.ShapeDtypeStruct((2,), jnp.int32)
    return train.lower(state, Chunk(tokens, tokens), *constants, key, place, progress)


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
