"""Arrays whose rows are sharded over devices, read where they lie."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AbstractMesh, Mesh, NamedSharding, PartitionSpec

from jaxw2v.errors import InputError

Rows: TypeAlias = np.ndarray | jax.Array
ROWS_AT_ONCE = 65_536


class RowSharding(NamedTuple):
    """Along which axes of which mesh the rows of an array are sharded.

    Attributes:
      mesh: the devices.
      axes: names.
    """

    mesh: Mesh | AbstractMesh
    axes: tuple[str, ...]


def row_sharding(array: Rows) -> RowSharding | None:
    """How an array is sharded by rows.

    Args:
      array: any.

    Returns:
      The sharding; ``None`` if every row is on every device of the array, or it is on the host.

    Example:
      >>> row_sharding(jnp.zeros((4, 2))) is None
      True
    """
    if not isinstance(array, jax.Array) or isinstance(array, jax.core.Tracer):
        return None
    sharding = array.sharding
    if not isinstance(sharding, NamedSharding) or not sharding.spec or sharding.spec[0] is None:
        return None
    axes = sharding.spec[0]
    axes = (axes,) if isinstance(axes, str) else tuple(axes)
    cut = any(sharding.mesh.shape[axis] > 1 for axis in axes)
    return RowSharding(sharding.mesh, axes) if cut else None


def take_rows(array: Rows, ids: int | np.ndarray) -> jax.Array:
    """Some rows of an array, without moving the others.

    Args:
      array: [R, D].
      ids: int32 of any shape, rows; zeros are returned for those of R or more.

    Returns:
      [..., D], on every device if the array is sharded.
    """
    cut = row_sharding(array)
    return _take_whole(array, ids) if cut is None else _take(array, ids, cut)


@jax.jit
def _take_whole(array: jax.Array, ids: jax.Array) -> jax.Array:
    return array.at[ids].get(mode="fill", fill_value=0)


@functools.partial(jax.jit, static_argnames="cut")
def _take(array: jax.Array, ids: jax.Array, cut: RowSharding) -> jax.Array:
    def take(part, ids):
        here = local_rows(ids, part.shape[0], cut.axes)
        return jax.lax.psum(part.at[here].get(mode="fill", fill_value=0), cut.axes)

    return on_shards(take, cut, (True, False))(array, ids)


def local_rows(rows: jax.Array, size: int, axes: tuple[str, ...]) -> jax.Array:
    """The indices of rows in this device's shard of an array.

    Args:
      rows: integers, rows of the whole array.
      size: rows of each part.
      axes: along which the array is sharded.

    Returns:
      Integers of that shape; ``size`` where another device holds the row.
    """
    here = rows - jax.lax.axis_index(axes) * size
    return jnp.where((here >= 0) & (here < size), here, size)


def on_shards(function: Callable, cut: RowSharding, is_sharded: tuple[bool, ...]) -> Callable:
    """Runs a function on each device's parts of arrays, and on whole other arguments.

    Args:
      function: a function of the arguments, to results that are the same everywhere.
      cut: how the arrays are sharded.
      is_sharded: which arguments are.

    Returns:
      A function of the arguments.
    """
    in_specs = tuple(PartitionSpec(cut.axes) if part else PartitionSpec() for part in is_sharded)
    return jax.shard_map(function, mesh=cut.mesh, in_specs=in_specs, out_specs=PartitionSpec())


def pieces(array: Rows, size: int) -> Iterator[np.ndarray]:
    """The first rows of an array on the host, some at a time.

    Args:
      array: [R, D].
      size: how many rows.

    Yields:
      float32 [n, D]; every process of a run has to take them.
    """
    for start in range(0, size, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, size)
        if isinstance(array, np.ndarray):
            yield array[start:stop]
        else:
            yield np.asarray(take_rows(array, np.arange(start, stop, dtype=np.int32)))


def checked_rows(vectors: Rows, size: int, name: str) -> Rows:
    """Makes sure that vectors fit the words, and that nobody changes them later.

    Args:
      vectors: [V, D] floating; with V rows or more if it is sharded over devices.
      size: V, words.
      name: the name, for the error.

    Returns:
      float32, contiguous, read-only, on the host, copied if the caller could write to them; where
      they are if they are sharded.

    Raises:
      InputError: the shape is wrong, or a number is not finite.
    """
    if row_sharding(vectors) is None:
        return _checked_on_host(np.asarray(vectors), size, name)
    if vectors.ndim != 2 or vectors.shape[0] < size:
        raise _misshapen(vectors, size, name)
    if not _all_finite(vectors):
        raise InputError(f"{name}: a row holds a number that is not finite")
    return vectors


def _checked_on_host(given: np.ndarray, size: int, name: str) -> np.ndarray:
    array = np.ascontiguousarray(given, np.float32)
    if array.ndim != 2 or array.shape[0] != size:
        raise _misshapen(array, size, name)
    if given.flags.writeable and np.may_share_memory(array, given):
        array = array.copy()
    array.flags.writeable = False
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise InputError(f"{name}: row {bad[0]} holds a number that is not finite")
    return array


def _misshapen(vectors: Rows, size: int, name: str) -> InputError:
    return InputError(f"{name} has shape {vectors.shape}; expected ({size}, D), a row a word")


@jax.jit
def _all_finite(array: jax.Array) -> jax.Array:
    return jnp.isfinite(array).all()
