"""Adds up the gradients of rows from the blocks of all devices, on those that hold the rows."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Names, Shards
from jaxw2v.devices.storage_order import word_of_row
from jaxw2v.sampling.indexing import ZERO, set_equal
from jaxw2v.training.setup.row_slots import is_swept
from jaxw2v.training.step.row_updates import TouchedRows, add_to_rows, find_touched_rows

ALL = slice(None)


@dataclasses.dataclass(frozen=True)
class GradientSums:
    """Where the gradients of a table are added up in a step, and what devices exchange for it.

    Attributes:
      shards: how devices share tables and blocks.
      joined: axes along which devices exchange the gradients of each block.
      summed: axes along which they exchange sums.
      touched: the rows of this device that the step touches; ``None`` adds up at every row.
      slots: int32 [m, B, M], by micro-batch, where the gradient of each row that reaches this
        device is added: the place in ``touched``, or the row; ``None`` asks for the row when
        adding.
      is_touched: bool [rows here], the rows that move, where gradients are added up at every row;
        ``None`` moves all.
    """

    shards: Shards
    joined: Names
    summed: Names
    touched: TouchedRows | None = None
    slots: jax.Array | None = None
    is_touched: jax.Array | None = None

    @classmethod
    def at_every_row(cls, shards: Shards) -> GradientSums:
        """Over the whole table, from gradients of rows that blocks read."""
        return cls(shards, shards.joined, shards.summed)

    @classmethod
    def of_whole_tables(cls, shards: Shards) -> GradientSums:
        """Over the whole table, or this device's part, from gradients of all of it."""
        return cls(shards, (), shards.data)

    @classmethod
    def at_touched_rows(
        cls,
        ids: jax.Array,
        positions: jax.Array,
        rows_per_pass: int,
        shards: Shards,
        unmarked: int = 0,
    ) -> tuple[GradientSums, jax.Array]:
        """Over the touched rows in slots or, where that is cheaper, over every row.

        Either way the rows that the step does not touch stay as they are.

        Args:
          ids: int32 [m, B, M], the words of m micro-batches of B blocks, on all devices.
          positions: int32 [rows here], scratch of :func:`find_touched_rows`.
          rows_per_pass: table rows the optimizer handles at once.
          shards: how devices share tables and blocks.
          unmarked: 0 or less, another one for each table: see :meth:`start`.

        Returns:
          The sums to be, and the scratch for the next call.
        """
        own = shards.own(shards.rows(ids)).reshape(-1)
        touched = is_touched = None
        if is_swept(own.size, positions.size, rows_per_pass):
            # Not bool: a GPU would set bytes one by one, by compare-and-swap.
            marks = jnp.full(positions.size, unmarked, jnp.int32)
            marks = set_equal(marks, own, 1, shards.in_order)
            slots, is_touched = own, marks > 0
        else:
            # Where sums are exchanged slot by slot, all devices must have the same slots.
            last_wins = bool(shards.summed + shards.dim) or shards.in_order
            touched, positions = find_touched_rows(own, positions, rows_per_pass, last_wins)
            slots = touched.slots
        slots = _reaching(slots.reshape(ids.shape), shards)
        return cls(shards, shards.joined, shards.summed, touched, slots, is_touched), positions

    @classmethod
    def at_words(cls, words: TouchedRows, shape: tuple[int, ...], shards: Shards) -> GradientSums:
        """Over vectors of words that every device has.

        Args:
          words: the distinct words of all devices.
          shape: [m, B, M], of the ids of which these are the distinct ones.
          shards: how devices share tables and blocks.

        Returns:
          The sums to be.
        """
        whole = shards.whole
        slots = _reaching(words.slots.reshape(shape), whole)
        return cls(whole, whole.joined, whole.summed, words, slots)

    def start(self, table: jax.Array, zero: float = 0.0) -> jax.Array:
        """Zeros for ``table``, float32 [rows here, D] or [slots, D].

        Give 0.0 for one table and -0.0 for the other: of equal zeros XLA makes one array, which it
        then copies.
        """
        rows = table.shape[0] if self.touched is None else self.touched.rows.size
        zeros = jnp.full((rows, table.shape[1]), zero, jnp.float32)
        return self.shards.vary(zeros, (*self.summed, *self.shards.vocab, *self.shards.dim))

    def add(
        self,
        total: jax.Array,
        micro_batch: jax.Array | int,
        ids: jax.Array | None,
        gradients: jax.Array,
        some: slice = ALL,
    ) -> jax.Array:
        """Adds a micro-batch, in the order of its blocks on all devices.

        Args:
          total: the sums so far.
          micro_batch: int32 [], which one.
          ids: int32 [b, M], the words of this device's blocks; ``None`` for a whole table.
          gradients: float32 [b, M, D], their gradients; [V, D] for a whole table, or [R / n, D] for
            this device's part of it.
          some: which blocks of the micro-batch these are; all, where devices exchange them.

        Returns:
          The sums.
        """
        shards = self.shards
        if ids is None and shards.vocab:
            return total + gradients
        if ids is None:
            rows = jnp.arange(total.shape[0], dtype=jnp.int32)
            words = word_of_row(rows, shards.vocabulary_size)
            return total + gradients.at[words].get(**ZERO)
        if self.slots is None:
            to = shards.own(shards.rows(shards.gather(ids, self.joined)))
        else:
            to = self.slots[micro_batch][some]
        everyones = shards.gather(gradients, self.joined)
        all_inside = not shards.vocab
        return add_to_rows(total, to, everyones, all_inside, in_order=shards.in_order)

    def finish(self, total: jax.Array) -> jax.Array:
        """The sums over all devices."""
        return self.shards.sum(total, self.summed)


def _reaching(slots: jax.Array, shards: Shards) -> jax.Array:
    """Those of what reaches this device: of its own blocks where sums are exchanged."""
    if not shards.summed:
        return slots
    micro_batches, _, read = slots.shape
    parts = slots.reshape(micro_batches, shards.count(shards.summed), -1, read)
    return jax.lax.dynamic_index_in_dim(parts, shards.index(shards.summed), 1, False)
