"""Vectors of words made of rows of n-grams: each distinct word of a step once, and back. Pure.

A word's vector is the mean of its own row and those of its n-grams. Blocks read the vectors and
their gradients are summed word by word, as if they were rows of a table; then the gradient of a
word goes to each of the rows it was made of.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.devices.shards import Shards
from jaxw2v.sampling.indexing import CLIP, DROP, IN_BOUNDS, ZERO
from jaxw2v.training.setup.row_slots import capacity
from jaxw2v.training.setup.word_parts import PIECE, WordParts
from jaxw2v.training.step.row_updates import (
    TouchedRows,
    add_to_rows,
    find_touched_rows,
    update_rows,
)
from jaxw2v.training.step.state import NgramState, TableState

PIECES_AT_ONCE = 1_024


class Composed(NamedTuple):
    """The vectors of the distinct words of a step, the same along ``data`` and ``vocab``.

    Attributes:
      words: the words, by their rows in the whole table.
      slot_of_row: int32 [R], the slot of each of these rows.
      vectors: float32 [slots, D], or some columns of them.
    """

    words: TouchedRows
    slot_of_row: jax.Array
    vectors: jax.Array

    def lookup(self, rows: jax.Array) -> jax.Array:
        """The vectors of some words.

        Args:
          rows: int32 [...], rows of words of the step in the whole table.

        Returns:
          float32 [..., D].
        """
        slots = self.slot_of_row.at[rows].get(**CLIP)
        return self.vectors.at[slots].get(**CLIP)


class _Pieces(NamedTuple):
    """The pieces of the distinct words, counted through.

    Attributes:
      ends: int32 [slots], how many there are up to each word.
      offset: int32 [slots], what is added to the number of a piece of a word to find it.
    """

    ends: jax.Array
    offset: jax.Array


def compose(
    own: jax.Array,
    ngrams: jax.Array,
    rows: jax.Array,
    parts: WordParts[jax.Array],
    rows_per_pass: int,
    shards: Shards,
) -> Composed:
    """Makes the vectors of the distinct words among some.

    Args:
      own: float32 [R / n, D], this device's part of the words' own rows.
      ngrams: float32, likewise of the rows of n-grams.
      rows: int32 [...], words of all devices, by their rows in the whole table.
      parts: of which rows words are made.
      rows_per_pass: table rows that the optimizer handles at once.
      shards: how devices share the tables.

    Returns:
      The vectors.
    """
    flat, size = rows.reshape(-1), parts.first.size
    # All devices must have the same slots.
    several = bool(shards.everywhere)
    words, _ = find_touched_rows(flat, jnp.zeros(size, jnp.int32), rows_per_pass, several)
    slot_of_row = jnp.zeros(size, jnp.int32).at[flat].set(words.slots, **DROP)

    def add_pieces(total, slots, ids, weights):
        inside = jnp.minimum(ids, ngrams.shape[0] - 1)
        # Gathered apart from the sum, a row at a time; as one loop XLA reads them by components.
        read = jax.lax.optimization_barrier(ngrams.at[inside].get(**IN_BOUNDS))
        weights = jnp.where(ids < ngrams.shape[0], weights, 0).astype(read.dtype)
        sums = sum(read[:, k] * weights[:, k, None] for k in range(PIECE))
        return add_to_rows(total, slots, sums, all_inside=False)

    nothing = jnp.zeros((words.rows.size, own.shape[1]), own.dtype)
    nothing = shards.vary(nothing, shards.vocab + shards.dim)
    total = _over_pieces(words, parts, ngrams.shape[0], shards, add_pieces, nothing)
    own_rows = own.at[shards.own(words.rows)].get(**ZERO)
    own_share, share = (
        array.at[words.rows].get(**ZERO) for array in (parts.own_share, parts.share)
    )
    vectors = own_share[:, None] * own_rows + share[:, None] * total
    return Composed(words, slot_of_row, shards.sum(vectors, shards.vocab))


def update_parts(
    own: TableState,
    ngrams: NgramState,
    composed: Composed,
    gradients: jax.Array,
    parts: WordParts[jax.Array],
    optimizer: optax.GradientTransformation,
    rows_per_pass: int,
    progress: jax.Array,
    shards: Shards,
) -> tuple[TableState, NgramState]:
    """Moves the rows of which the words of a step are made.

    Args:
      own: the words' own rows, this device's part.
      ngrams: the rows of n-grams, likewise.
      composed: the words.
      gradients: float32 [slots, D], with respect to their vectors.
      parts: of which rows words are made.
      optimizer: an elementwise transformation.
      rows_per_pass: table rows that the optimizer handles at once.
      progress: float32 [], share of training done.
      shards: how devices share the tables.

    Returns:
      Both after the step.
    """
    words = composed.words
    gradients = gradients * parts.share.at[words.rows].get(**ZERO)[:, None]
    update = functools.partial(
        update_rows, optimizer, rows_per_pass=rows_per_pass, progress=progress
    )
    here = words._replace(rows=shards.own(words.rows))
    own = TableState(*update(*own, here, gradients))

    def add_pieces(carry, slots, ids, weights):
        sums, marks = carry
        rows = gradients.at[slots].get(**CLIP)
        rows = jnp.broadcast_to(rows[:, None], (*ids.shape, rows.shape[1]))
        marks = marks.at[ids].set(1, **DROP)
        return add_to_rows(sums, ids, rows, all_inside=False), marks

    size = ngrams.sums.shape[0]
    marks = shards.vary(jnp.zeros(size, jnp.int32), shards.vocab)
    sums, marks = _over_pieces(words, parts, size, shards, add_pieces, (ngrams.sums, marks))
    touched = marked_rows(marks, rows_per_pass)
    table = TableState(*update(*ngrams.table, touched, sums, by_slot=False))
    return own, NgramState(table, clear_rows(sums, touched, rows_per_pass))


def clear_rows(table: jax.Array, touched: TouchedRows, rows_per_pass: int) -> jax.Array:
    """Sets the touched rows to zero.

    Args:
      table: float32 [R, D].
      touched: the rows.
      rows_per_pass: rows handled at once.

    Returns:
      The table.

    Example:
      >>> clear_rows(jnp.ones((2, 1)), marked_rows(jnp.array([0, 1]), 2), 2).tolist()
      [[1.0], [0.0]]
    """
    size = min(rows_per_pass, touched.rows.size)
    zeros = jnp.zeros((size, table.shape[1]), table.dtype)

    def one_pass(i, table):
        rows = jax.lax.dynamic_slice_in_dim(touched.rows, i * size, size)
        return table.at[rows].set(zeros, unique_indices=True, **DROP)

    return jax.lax.fori_loop(0, (touched.count + size - 1) // size, one_pass, table)


def marked_rows(marks: jax.Array, rows_per_pass: int) -> TouchedRows:
    """The rows that are marked, in their order.

    Args:
      marks: int32 [R], 1 or 0.
      rows_per_pass: rows that will be handled at once.

    Returns:
      The rows, in so many slots that passes go into them; ``slots`` has that of each row.

    Example:
      >>> found = marked_rows(jnp.array([0, 1, 1]), 2)
      >>> found.rows.tolist(), int(found.count)
      ([1, 2, 3, 3], 2)
    """
    order = jnp.cumsum(marks)
    size = capacity(marks.size, marks.size, rows_per_pass)
    slots = jnp.where(marks > 0, order - 1, size)
    rows = jnp.full(size, marks.size, jnp.int32)
    rows = rows.at[slots].set(jnp.arange(marks.size, dtype=jnp.int32), **DROP)
    return TouchedRows(slots, rows, order[-1])


def _over_pieces(
    words: TouchedRows,
    parts: WordParts[jax.Array],
    rows_here: int,
    shards: Shards,
    add: Callable[[Any, jax.Array, jax.Array, jax.Array], Any],
    start: Any,
) -> Any:
    """Goes over the n-grams of the words, some pieces at a time.

    ``add`` is given the slots [n] of the words, past the last one where there are no more pieces,
    and rows and weights of their n-grams, [n, PIECE]; rows of others are past those of this device.
    """
    pieces = _count(words, parts)
    outside, table_rows = parts.rows.shape[0], rows_here * shards.count(shards.vocab)
    of_ngrams = dataclasses.replace(shards, vocabulary_size=table_rows)

    def one_pass(i, total):
        number = i * PIECES_AT_ONCE + jnp.arange(PIECES_AT_ONCE, dtype=jnp.int32)
        slots = _how_many_up_to(pieces.ends, number)
        found = pieces.offset.at[slots].get(**CLIP) + number
        found = jnp.where(number < pieces.ends[-1], found, outside)
        rows = parts.rows.at[found].get(mode="fill", fill_value=table_rows)
        weights = parts.weights.at[found].get(mode="fill", fill_value=0)
        return add(total, slots, of_ngrams.own(rows), weights)

    passes = (pieces.ends[-1] + PIECES_AT_ONCE - 1) // PIECES_AT_ONCE
    return jax.lax.fori_loop(0, passes, one_pass, start)


def _how_many_up_to(ends: jax.Array, numbers: jax.Array) -> jax.Array:
    """For each number how many of some numbers in order do not exceed it, by halving.

    As ``jnp.searchsorted`` finds it, of whose unrolled steps XLA makes one kernel that takes many
    seconds to compile.
    """
    found = jnp.zeros_like(numbers)
    for bit in reversed(range(ends.size.bit_length())):
        further = found + (1 << bit)
        fits = (further <= ends.size) & (ends.at[further - 1].get(**CLIP) <= numbers)
        found = jax.lax.optimization_barrier(jnp.where(fits, further, found))
    return found


def _count(words: TouchedRows, parts: WordParts[jax.Array]) -> _Pieces:
    counts = parts.pieces.at[words.rows].get(**ZERO)
    ends = jnp.cumsum(counts)
    return _Pieces(ends, parts.first.at[words.rows].get(**ZERO) - (ends - counts))
