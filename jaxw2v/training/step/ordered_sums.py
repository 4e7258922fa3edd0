"""Adds rows to a table in one order, so that a GPU gives the same sums in every run. Pure.

A GPU adds rows that share an id in whatever order its threads arrive. Here rows are sorted by id
and cut into tiles; in a tile, rows of one id are added by a product with zeros and ones. A sum that
is whole goes to the table, to which no id is then written twice at once; a tile hands on its first
and its last sum, which may go on in its neighbors. These are rows of the same kind, 16 times fewer.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.sampling.indexing import DROP, IN_BOUNDS

TILE = 32
LARGEST_TILE = 1_024
"""So many rows need not be cut."""


def add_in_order(table: jax.Array, ids: jax.Array, rows: jax.Array) -> jax.Array:
    """``table.at[ids].add(rows)`` in an order that is the same in every run.

    Args:
      table: float32 [V, D].
      ids: int32 [n], from 0; may repeat; those of V or more are left out.
      rows: float32 [n, D], one at least; finite, those that are left out too.

    Returns:
      float32 [V, D].

    Example:
      >>> add_in_order(jnp.zeros((2, 1)), jnp.array([1, 1]), jnp.ones((2, 1))).tolist()
      [[0.0], [2.0]]
    """
    index = jnp.arange(ids.size, dtype=jnp.int32)
    ids, order = jax.lax.sort((ids, index), num_keys=2)
    run = _Run(ids, rows.at[order].get(**IN_BOUNDS))
    while run.ids.size > LARGEST_TILE:
        table, run = _add_whole_sums(table, run, TILE)
    return _add_whole_sums(table, run, run.ids.size)[0]


class _Run(NamedTuple):
    """Rows that are still to be added.

    Attributes:
      ids: int32 [n], in order.
      rows: float32 [n, D].
    """

    ids: jax.Array
    rows: jax.Array


def _add_whole_sums(table: jax.Array, run: _Run, tile: int) -> tuple[jax.Array, _Run]:
    """Adds what is whole within a tile; returns what the tiles hand on."""
    outside, dim = table.shape
    padding = -run.ids.size % tile
    ids = jnp.pad(run.ids, (0, padding), constant_values=jnp.iinfo(jnp.int32).max)
    ids = ids.reshape(-1, tile)
    rows = jnp.pad(run.rows, ((0, padding), (0, 0))).reshape(-1, tile, dim)
    same = (ids[:, :, None] == ids[:, None, :]).astype(rows.dtype)
    sums = jnp.einsum("tij,tjd->tid", same, rows, precision="highest")
    first, last = ids[:, :1], ids[:, -1:]
    nothing = jnp.full((1, 1), -1, ids.dtype)
    begun = first == jnp.concatenate([nothing, last[:-1]])
    goes_on = last == jnp.concatenate([first[1:], nothing])
    is_open = (begun & (ids == first)) | (goes_on & (ids == last))
    ends = jnp.pad(ids[:, 1:] != ids[:, :-1], ((0, 0), (0, 1)), constant_values=True)
    to = jnp.where(ends & ~is_open, ids, outside).reshape(-1)
    table = table.at[to].add(sums.reshape(-1, dim), unique_indices=True, **DROP)
    # A tile of one id that is open on both sides hands it on once.
    goes_on &= ~(begun & (first == last))
    handed_on = jnp.where(jnp.stack([begun, goes_on], 1), sums[:, jnp.array([0, -1])], 0)
    return table, _Run(jnp.stack([first, last], 1).reshape(-1), handed_on.reshape(-1, dim))
