"""Vectors of words made of rows of n-grams: each distinct word of a step once, and back. Pure.

A word's vector is the mean of its own row and those of its n-grams. Blocks read the vectors and
their gradients are summed word by word, as if they were rows of a table; then a word's own row
moves, and the rows of its n-grams with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.devices.shards import Shards
from jaxw2v.sampling.indexing import CLIP, DROP, IN_BOUNDS, ZERO, set_equal
from jaxw2v.training.setup.word_parts import PIECE, WordParts
from jaxw2v.training.step.row_updates import (
    TouchedRows,
    add_to_rows,
    find_touched_rows,
    write_moves,
)
from jaxw2v.training.step.state import TableState

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
    last_wins = bool(shards.all_axes) or shards.in_order
    words, _ = find_touched_rows(flat, jnp.zeros(size, jnp.int32), rows_per_pass, last_wins)
    slot_of_row = set_equal(jnp.zeros(size, jnp.int32), flat, words.slots, shards.in_order)

    def add_pieces(total, slots, ids, weights, _):
        inside = jnp.minimum(ids, ngrams.shape[0] - 1)
        # Gathered apart from the sum, a row at a time; as one loop XLA reads them by components.
        read = jax.lax.optimization_barrier(ngrams.at[inside].get(**IN_BOUNDS))
        weights = jnp.where(ids < ngrams.shape[0], weights, 0).astype(read.dtype)
        sums = sum(read[:, k] * weights[:, k, None] for k in range(PIECE))
        return add_to_rows(total, slots, sums, all_inside=False, in_order=shards.in_order)

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
    ngrams: jax.Array,
    composed: Composed,
    gradients: jax.Array,
    parts: WordParts[jax.Array],
    optimizer: optax.GradientTransformation,
    rows_per_pass: int,
    progress: jax.Array,
    shards: Shards,
) -> tuple[TableState, jax.Array]:
    """Moves the rows of which the words of a step are made.

    The optimizer, which keeps its state by words, says what each of them moves by. Its own row
    moves by ``own_follow`` times that, and each row of n-grams by ``follow`` times the sum over its
    words.

    Args:
      own: the words' own rows, this device's part.
      ngrams: float32, likewise of the rows of n-grams.
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
    own_follow = parts.own_follow.at[words.rows].get(**ZERO)
    here = words._replace(rows=shards.own(words.rows))

    def write(some, rows, moves, tables):
        table, all_moves = tables
        moves = moves.astype(all_moves.dtype)
        follow = jax.lax.dynamic_slice_in_dim(own_follow, some.first, some.rows.size)
        moved = rows + follow[:, None] * moves
        table = table.at[some.rows].set(moved, unique_indices=True, **DROP)
        # Those of other devices' rows are not known here.
        moves = jnp.where((some.rows < table.shape[0])[:, None], moves, 0)
        return table, jax.lax.dynamic_update_slice_in_dim(all_moves, moves, some.first, 0)

    (table, moves), state = write_moves(
        optimizer,
        (own.embedding, jnp.zeros_like(gradients)),
        own.optimizer,
        here,
        gradients,
        rows_per_pass,
        progress,
        write,
    )
    own, moves = TableState(table, state), shards.sum(moves, shards.vocab)

    def add_pieces(table, slots, ids, _, follow):
        rows = moves.at[slots].get(**CLIP)[:, None] * follow[..., None]
        return add_to_rows(table, ids, rows, all_inside=False, in_order=shards.in_order)

    return own, _over_pieces(words, parts, ngrams.shape[0], shards, add_pieces, ngrams)


def _over_pieces(
    words: TouchedRows,
    parts: WordParts[jax.Array],
    rows_here: int,
    shards: Shards,
    add: Callable[[Any, jax.Array, jax.Array, jax.Array, jax.Array], Any],
    start: Any,
) -> Any:
    """Goes over the n-grams of the words, some pieces at a time.

    ``add`` is given the slots [n] of the words, past the last one where there are no more pieces,
    and of their n-grams the rows, weights and how they follow, [n, PIECE]; rows of other devices
    are past those of this one.
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
        follow = parts.follow.at[rows].get(**ZERO)
        return add(total, slots, of_ngrams.own(rows), weights, follow)

    passes = (pieces.ends[-1] + PIECES_AT_ONCE - 1) // PIECES_AT_ONCE
    return jax.lax.fori_loop(0, passes, one_pass, start)


def _how_many_up_to(ends: jax.Array, numbers: jax.Array) -> jax.Array:
    """For each of ``numbers``, how many of the sorted ``ends`` do not exceed it, by bisection.

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
