"""How arrays are indexed by numbers that are never negative: XLA then need not look."""

from __future__ import annotations

from typing import Any

import jax

IN_BOUNDS: dict[str, Any] = {"mode": "promise_in_bounds", "wrap_negative_indices": False}
CLIP: dict[str, Any] = {"mode": "clip", "wrap_negative_indices": False}
DROP: dict[str, Any] = {"mode": "drop", "wrap_negative_indices": False}
ZERO: dict[str, Any] = {"mode": "fill", "fill_value": 0, "wrap_negative_indices": False}


def set_equal(
    array: jax.Array, ids: jax.Array, values: jax.Array | int, in_order: bool
) -> jax.Array:
    """``array.at[ids].set(values)`` where ids that repeat have equal values.

    Args:
      array: int32 [V], nowhere above what is written there.
      ids: int32 [n], from 0; those of V or more are left out.
      values: int32 [n] or [].
      in_order: whether results must be the same in every run (``Config.deterministic``); then the
        largest value is taken: XLA would keep an order in which even equal values are set.

    Returns:
      int32 [V].

    Example:
      >>> import jax.numpy as jnp
      >>> set_equal(jnp.zeros(3, jnp.int32), jnp.array([2, 2]), 1, in_order=True).tolist()
      [0, 0, 1]
    """
    at = array.at[ids]
    return at.max(values, **DROP) if in_order else at.set(values, **DROP)
