"""Moves the kept elements of an array to its front."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxw2v.sampling.indexing import DROP


def compact(keep: jax.Array, values: jax.Array, fill: int) -> jax.Array:
    """Keeps the order, drops what is not kept, and fills the rest.

    Args:
      keep: bool [n].
      values: [n], any dtype.
      fill: what stands after the kept values.

    Raises:
      ValueError: the shapes differ, or have another number of axes.

    Returns:
      [n], the dtype of ``values``: the kept values, then ``fill``.

    Example:
      >>> compact(jnp.array([False, True, False, True]), jnp.arange(4), -1).tolist()
      [1, 3, -1, -1]
    """
    if keep.ndim != 1 or keep.shape != values.shape:
        raise ValueError(f"keep {keep.shape} and values {values.shape} must both be [n]")
    destination = jnp.where(keep, jnp.cumsum(keep, dtype=jnp.int32) - 1, keep.size)
    return jnp.full_like(values, fill).at[destination].set(values, unique_indices=True, **DROP)
