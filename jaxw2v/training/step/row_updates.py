"""Applies an elementwise Optax transformation to the rows of a table that a step touched.

This is not the dense algorithm: rows that a step does not touch keep their moments (no decay)
and do not move, as in torch's SparseAdam. Cost grows with the rows touched, not with V; where a
step may touch half of the table, :func:`sweep_rows` goes over all of it and is cheaper.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import optax

from jaxw2v.sampling.indexing import CLIP, DROP
from jaxw2v.training.setup.row_slots import capacity
from jaxw2v.training.step.ordered_sums import add_in_order

GPUS = "cuda", "rocm"


class TouchedRows(NamedTuple):
    """The distinct rows of a step.

    Attributes:
      slots: int32 [n], for each id its row's index in ``rows``; ``capacity`` where the id lies
        outside the table.
      rows: int32 [capacity], distinct ids, and V, which lies outside the table, in slots that are
        not in use: the last ones, where rows are handled in several passes.
      count: int32 [], the distinct ids.
    """

    slots: jax.Array
    rows: jax.Array
    count: jax.Array  # type: ignore[assignment]


def find_touched_rows(
    ids: jax.Array, positions: jax.Array, rows_per_pass: int, last_wins: bool = False
) -> tuple[TouchedRows, jax.Array]:
    """Finds distinct ids without sorting.

    Every id writes its position at its own index; whichever write wins, all duplicates then
    read the same position, whose owner stands for them. Where one pass handles a slot for each id,
    that position is the slot; otherwise owners are counted, so that passes end with the last one.
    In a loop, use a scratch once in each round, or XLA copies all V of it.

    Args:
      ids: int32 [n], from 0; those of V or more are left out.
      positions: int32 [V], scratch; its content does not matter.
      rows_per_pass: rows handled at once.
      last_wins: whether the last of duplicates stands for all, so that slots are the same on all
        devices and in every run; otherwise whichever a GPU happens to write last.

    Returns:
      The touched rows, and the scratch for the next call.

    Example:
      >>> ids, scratch = jnp.array([4, 2, 4]), jnp.zeros(5, jnp.int32)
      >>> touched, _ = find_touched_rows(ids, scratch, rows_per_pass=2)
      >>> int(touched.count), touched.rows[touched.slots].tolist()
      (2, [4, 2, 4])
      >>> touched, _ = find_touched_rows(ids, scratch, rows_per_pass=3, last_wins=True)
      >>> int(touched.count), touched.slots.tolist(), touched.rows.tolist()
      (2, [2, 1, 2], [5, 2, 4])
    """
    index = jnp.arange(ids.size, dtype=jnp.int32)
    if last_wins:
        # By minimum and maximum, which have no order that XLA would have to keep.
        positions = positions.at[ids].min(-1, **DROP).at[ids].max(index, **DROP)
    else:
        positions = positions.at[ids].set(index, **DROP)
    owner = positions.at[ids].get(**CLIP)
    inside = ids < positions.size
    is_owner = inside & (owner == index)
    size = capacity(ids.size, positions.size, rows_per_pass)
    if size == ids.size <= rows_per_pass:
        slots = jnp.where(inside, owner, size)
        rows = jnp.where(is_owner, ids, positions.size)
        return TouchedRows(slots, rows, is_owner.sum(dtype=jnp.int32)), positions
    order = jnp.cumsum(is_owner, dtype=jnp.int32) - 1
    slots = jnp.where(inside, order.at[owner].get(**CLIP), size)
    rows = jnp.full(size, positions.size, jnp.int32)
    rows = rows.at[jnp.where(is_owner, order, size)].set(ids, unique_indices=True, **DROP)
    return TouchedRows(slots, rows, order[-1] + 1), positions


def add_to_rows(
    table: jax.Array,
    ids: jax.Array,
    rows: jax.Array,
    all_inside: bool = True,
    in_order: bool = False,
) -> jax.Array:
    """``table.at[ids].add(rows)``, in the form that the platform's compiler takes as it is.

    Args:
      table: float32 [V, D].
      ids: int32 [...], from 0; may repeat.
      rows: float32 [..., D].
      all_inside: every id is below V; otherwise the others are left out.
      in_order: on a GPU, by :func:`~jaxw2v.training.step.ordered_sums.add_in_order`; other
        platforms have an order anyway.

    Returns:
      float32 [V, D].

    Example:
      >>> add_to_rows(jnp.zeros((2, 1)), jnp.array([1, 1]), jnp.ones((2, 1))).tolist()
      [[0.0], [2.0]]
    """
    mode = jax.lax.GatherScatterMode
    inside = mode.PROMISE_IN_BOUNDS if all_inside else mode.FILL_OR_DROP
    return jax.lax.platform_dependent(
        table,
        ids.reshape(-1, 1),
        rows.reshape(-1, table.shape[1]),
        tpu=functools.partial(_add_rows, mode=inside),
        default=functools.partial(_add_windows, mode=inside),
        **(dict.fromkeys(GPUS, _add_in_order) if in_order else {}),
    )


def _add_in_order(table: jax.Array, ids: jax.Array, rows: jax.Array) -> jax.Array:
    return add_in_order(table, ids[:, 0], rows)


def _add_rows(
    table: jax.Array, ids: jax.Array, rows: jax.Array, mode: jax.lax.GatherScatterMode
) -> jax.Array:
    """As ``.at[].add`` has it: windows [D]. A TPU scatters them natively."""
    dimensions = jax.lax.ScatterDimensionNumbers(
        update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,)
    )
    return jax.lax.scatter_add(table, ids, rows, dimensions, mode=mode)


def _add_windows(
    table: jax.Array, ids: jax.Array, rows: jax.Array, mode: jax.lax.GatherScatterMode
) -> jax.Array:
    """Windows [1, D], into which XLA rewrites any scatter for a CPU; a TPU loops over them.

    Given as it is, behind a barrier, the layout needs no copy.
    """
    ids, rows = jax.lax.optimization_barrier((ids, rows[:, None]))
    dimensions = jax.lax.ScatterDimensionNumbers(
        update_window_dims=(1, 2), inserted_window_dims=(), scatter_dims_to_operand_dims=(0,)
    )
    return jax.lax.scatter_add(table, ids, rows, dimensions, mode=mode)


def sweep_rows(
    optimizer: optax.GradientTransformation,
    table: jax.Array,
    state: optax.OptState,
    is_touched: jax.Array,
    gradients: jax.Array,
    progress: jax.Array,
) -> tuple[jax.Array, optax.OptState]:
    """Moves the touched rows in one sweep over the table, in place.

    Args:
      optimizer: an elementwise transformation.
      table: float32 [V, D].
      state: its state for the table; leaves are scalars, [V, D] or [V, 1].
      is_touched: bool [V], the rows that move.
      gradients: float32 [V, D].
      progress: float32 [], share of training done, for the learning rate.

    Returns:
      The table and the state after the step, as :func:`update_rows` gives them.

    Example:
      >>> table, touched = jnp.ones((2, 1)), jnp.array([True, False])
      >>> sgd = optax.sgd(0.5)
      >>> sweep_rows(sgd, table, sgd.init(table), touched, table, jnp.float32(0))[0].tolist()
      [[0.5], [1.0]]
    """
    optimizer = optax.with_extra_args_support(optimizer)
    updates, new_state = optimizer.update(gradients, state, table, progress=progress)

    def keep_others(new, old):
        return jnp.where(is_touched[:, None], new, old) if old.ndim else new

    moved = keep_others(optax.apply_updates(table, updates), table)
    return moved, jax.tree.map(keep_others, new_state, state)


def update_rows(
    optimizer: optax.GradientTransformation,
    table: jax.Array,
    state: optax.OptState,
    touched: TouchedRows,
    gradients: jax.Array,
    rows_per_pass: int,
    progress: jax.Array,
) -> tuple[jax.Array, optax.OptState]:
    """Moves the touched rows.

    Args:
      optimizer: an elementwise transformation.
      table: float32 [V, D].
      state: its state for the table; leaves are scalars, [V, D] or [V, 1].
      touched: the touched rows, from :func:`find_touched_rows`.
      gradients: float32 [capacity, D], summed by slot.
      rows_per_pass: rows handled at once.
      progress: float32 [], share of training done, for the learning rate.

    Returns:
      The table and the state after the step.
    """

    def write(some, rows, moves, tables):
        moved = optax.apply_updates(rows, moves)
        return (tables[0].at[some.rows].set(moved, unique_indices=True, **DROP),)

    (table,), state = write_moves(
        optimizer, (table,), state, touched, gradients, rows_per_pass, progress, write
    )
    return table, state


class SomeRows(NamedTuple):
    """Touched rows that are handled at once.

    Attributes:
      rows: int32 [n], the rows; V past the last one.
      first: int32 [], the slot of the first one.
    """

    rows: jax.Array
    first: jax.Array | int


Tables = TypeVar("Tables", bound=tuple[jax.Array, ...])
Write = Callable[[SomeRows, jax.Array, jax.Array, Tables], Tables]


def write_moves(
    optimizer: optax.GradientTransformation,
    tables: Tables,
    state: optax.OptState,
    touched: TouchedRows,
    gradients: jax.Array,
    rows_per_pass: int,
    progress: jax.Array,
    write: Write[Tables],
) -> tuple[Tables, optax.OptState]:
    """Computes the updates of the touched rows, some at a time, and hands them to ``write``.

    Args:
      optimizer: as in :func:`update_rows`.
      tables: float32 [V, D], the table, and what else is written.
      state: as there.
      touched: as there.
      gradients: as there.
      rows_per_pass: as there.
      progress: as there.
      write: is given some rows, what they hold [n, D], what they move by [n, D], and the tables.

    Returns:
      The tables and the state after the step.
    """
    optimizer = optax.with_extra_args_support(optimizer)
    size = min(rows_per_pass, touched.rows.size)
    row_state, scalars = _partition(state)

    def step(rows, row_state, gradient):
        state = _combine(row_state, scalars)
        updates, state = optimizer.update(gradient, state, rows, progress=progress)
        return updates, *_partition(state)

    def one_pass(i, arrays):
        tables, row_state = arrays
        ids = jax.lax.dynamic_slice_in_dim(touched.rows, i * size, size)
        gradient = jax.lax.dynamic_slice_in_dim(gradients, i * size, size)
        rows, some_state = jax.tree.map(
            lambda array: array.at[ids].get(**CLIP), (tables[0], row_state)
        )
        updates, some_state, _ = step(rows, some_state, gradient)
        row_state = jax.tree.map(
            lambda array, rows: array.at[ids].set(rows, unique_indices=True, **DROP),
            row_state,
            some_state,
        )
        return write(SomeRows(ids, i * size), rows, updates, tables), row_state

    arrays = tables, row_state
    if size == touched.rows.size:
        arrays = one_pass(0, arrays)
    else:
        passes = (touched.count + size - 1) // size
        arrays = jax.lax.fori_loop(0, passes, one_pass, arrays)
    # Scalars, such as Adam's count, advance once a step, whatever the number of passes.
    no_rows, no_state = jax.tree.map(
        lambda array: jnp.zeros((1, array.shape[1]), array.dtype), (tables[0], row_state)
    )
    _, _, scalars = step(no_rows, no_state, no_rows)
    tables, row_state = arrays
    return tables, _combine(row_state, scalars)


def _partition(state: optax.OptState) -> tuple[optax.OptState, optax.OptState]:
    """The arrays with a row for each row of the table, and the scalars; ``None`` for the others."""
    row_state = jax.tree.map(lambda leaf: leaf if leaf.ndim else None, state)
    return row_state, jax.tree.map(lambda leaf: None if leaf.ndim else leaf, state)


def _combine(row_state: optax.OptState, scalars: optax.OptState) -> optax.OptState:
    """Undoes :func:`_partition`."""
    return jax.tree.map(
        lambda rows, scalar: scalar if rows is None else rows,
        row_state,
        scalars,
        is_leaf=lambda leaf: leaf is None,
    )
