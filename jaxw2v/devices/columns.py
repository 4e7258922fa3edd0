"""Tables by columns, as devices along ``dim`` train them, and by rows, as all else takes them.

A device trains some columns of its rows, and some of padding that nothing reads. Everywhere else
(initialisation, checkpoints, queries, exports) arrays are whole rows [R, D], shared out among the
same devices: the two forms differ by one exchange in which each device sends and receives its part.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards

# Floats that a GPU reads at once; rows begin at a multiple of them.
TOGETHER = 4


def local_width(embedding_dim: int, devices: int) -> int:
    """Columns that a device trains, those of padding counted.

    Args:
      embedding_dim: D, components.
      devices: along ``dim``.

    Returns:
      D where there is one device; D / n, rounded up to a multiple of ``TOGETHER``, where there are
      more.

    Example:
      >>> local_width(300, 1), local_width(300, 8)
      (300, 40)
    """
    if devices == 1:
        return embedding_dim
    return -(-embedding_dim // (devices * TOGETHER)) * TOGETHER


def to_columns(part: jax.Array, shards: Shards) -> jax.Array:
    """From a device's rows of a table to its columns.

    Args:
      part: [R / (v n), D], for v devices along ``vocab`` and n along ``dim``.
      shards: how devices share the tables.

    Returns:
      [R / v, local_width].
    """
    count, dim = shards.count(shards.dim), part.shape[1]
    padding = count * local_width(dim, count) - dim
    padded = jnp.pad(part, ((0, 0), (0, padding)))
    return jax.lax.all_to_all(padded, shards.dim, split_axis=1, concat_axis=0, tiled=True)


def to_rows(part: jax.Array, shards: Shards, embedding_dim: int) -> jax.Array:
    """Undoes :func:`to_columns`.

    Args:
      part: [R / v, local_width].
      shards: how devices share the tables.
      embedding_dim: D, components.

    Returns:
      [R / (v n), D].
    """
    rows = jax.lax.all_to_all(part, shards.dim, split_axis=0, concat_axis=1, tiled=True)
    return rows[:, :embedding_dim]


def all_rows(part: jax.Array, shards: Shards) -> jax.Array:
    """From numbers of a device's rows to those of the rows of all devices along ``dim``.

    Args:
      part: [R / (v n), ...].
      shards: how devices share the tables.

    Returns:
      [R / v, ...], the same along ``dim``.
    """
    return shards.gather(part, shards.dim)


def own_rows(part: jax.Array, shards: Shards) -> jax.Array:
    """Undoes :func:`all_rows`.

    Args:
      part: [R / v, ...], the same along ``dim``.
      shards: how devices share the tables.

    Returns:
      [R / (v n), ...].
    """
    size = part.shape[0] // shards.count(shards.dim)
    return jax.lax.dynamic_slice_in_dim(part, shards.index(shards.dim) * size, size)
