"""How every product of the losses is taken: added up in float32, over all columns of the rows.

Operands are rounded as ``jax.default_matmul_precision`` has it: by default not at all on a CPU, to
TF32 on a GPU, to bfloat16 on a TPU. Training sets it by ``Config.precision``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

PRODUCT: dict[str, Any] = {"preferred_element_type": jnp.float32}

AxisName: TypeAlias = str | tuple[str, ...] | None
"""Axes of a mesh over which devices have shared out the columns of all rows."""


def scores(equation: str, rows: jax.Array, others: jax.Array, axis_name: AxisName) -> jax.Array:
    """Products of rows, summed over the columns of all devices.

    Args:
      equation: as :func:`jax.numpy.einsum` takes it.
      rows: [..., D / n] floating, this device's columns.
      others: likewise.
      axis_name: the axes of n devices; ``None`` or ``()`` where a row is whole.

    Returns:
      float32, the same on all of them.
    """
    products = jnp.einsum(equation, rows, others, **PRODUCT)
    return jax.lax.psum(products, axis_name) if axis_name else products
