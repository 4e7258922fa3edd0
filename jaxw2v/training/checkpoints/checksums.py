"""Checksums of arrays that do not depend on the mesh."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def compute_checksums(arrays: dict[str, jax.Array]) -> tuple[dict[str, jax.Array], jax.Array]:
    """The checksum of each array, and whether all are finite.

    Args:
      arrays: the arrays by name.

    Returns:
      uint32 [] by name, and bool [].
    """
    found = {name: checksum(array) for name, array in arrays.items()}
    finite = jnp.array([is_finite for _, is_finite in found.values()], bool).all()
    return {name: value for name, (value, _) in found.items()}, finite


def checksum(array: jax.Array) -> tuple[jax.Array, jax.Array]:
    r"""A checksum that does not depend on how an array is sharded over devices.

    .. math:: \sum_i (2 i + 1)\, x_i \bmod 2^{32}

    where :math:`x_i` are the bits of entry i as a whole number. The factors are odd, so that any
    change of one entry changes the sum, and differ, so that swapped rows do too.

    Args:
      array: an array of any shape, its entries of 8, 16, 32 or 64 bits.

    Returns:
      uint32 [], the checksum.
      bool [], whether every entry is finite.

    Example:
      >>> [int(found) for found in checksum(jnp.array([1, 2, 3], jnp.int32))]
      [22, 1]
    """
    finite = jnp.isfinite(array)
    if array.dtype == bool:
        array = array.astype(jnp.uint8)
    bits = jax.lax.bitcast_convert_type(array, f"uint{8 * min(array.dtype.itemsize, 4)}")
    bits = bits.astype(jnp.uint32)
    index, stride = jnp.zeros((), jnp.uint32), 1
    for axis in reversed(range(bits.ndim)):
        index = index + jax.lax.broadcasted_iota(jnp.uint32, bits.shape, axis) * np.uint32(
            stride % 2**32
        )
        stride *= bits.shape[axis]
    finite = jax.lax.broadcast_in_dim(finite, bits.shape, tuple(range(finite.ndim)))
    # Together: the sum alone XLA would take, on a CPU, from a copy of the array.
    return jax.lax.reduce(
        (bits * (2 * index + 1), finite),
        (np.uint32(0), np.True_),
        lambda one, other: (one[0] + other[0], one[1] & other[1]),
        tuple(range(bits.ndim)),
    )
