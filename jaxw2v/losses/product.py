"""How every product of the losses is taken: added up in float32, over all columns of the rows.

Operands are rounded as ``jax.default_matmul_precision`` has it: by default not at all on a CPU, to
TF32 on a GPU, to bfloat16 on a TPU. Training sets it by ``Config.precision``.
"""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint

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
    return _sum_of_devices(products, axis_name) if axis_name else products


def through_scores(
    grad_scores: jax.Array, hidden: jax.Array, rows: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """From the gradient of the scores of blocks to those of what was multiplied.

    ``jax.export`` for a CPU wants to be told that it may hold the custom call ``LayoutConstraint``
    (``jax.export.DisabledSafetyCheck``).

    Args:
      grad_scores: float32 [B, M, L], with respect to the scores of rows and hidden vectors.
      hidden: floating [B, L, D].
      rows: floating [B, M, D].

    Returns:
      float32 [B, L, D], the gradient with respect to ``hidden``.
      float32 [B, M, D], with respect to ``rows``.

    Example:
      >>> hidden, rows = jnp.ones((1, 2, 4)), jnp.ones((1, 3, 4))
      >>> [g.shape for g in through_scores(jnp.ones((1, 3, 2)), hidden, rows)]
      [(1, 2, 4), (1, 3, 4)]
    """
    transposed = jax.lax.platform_dependent(
        grad_scores, cpu=_written_transposed, default=_transposed_apart
    )
    return (
        jnp.einsum("bin,bnd->bid", transposed, rows, **PRODUCT),
        jnp.einsum("bni,bid->bnd", grad_scores, hidden, **PRODUCT),
    )


@jax.jit
def _written_transposed(scores: jax.Array) -> jax.Array:
    """A CPU's fast product takes only operands that lie in memory as their axes say."""
    return with_layout_constraint(scores.swapaxes(1, 2), Layout((0, 1, 2)))


def _transposed_apart(scores: jax.Array) -> jax.Array:
    """The barrier keeps the transposition out of the product."""
    return jax.lax.optimization_barrier(scores.swapaxes(1, 2))


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _sum_of_devices(part: jax.Array, axis_name: AxisName) -> jax.Array:
    """The sum over devices; its gradient goes to each part as it is.

    Without this rule JAX adds it up over the devices again where types are unchecked.
    """
    return jax.lax.psum(part, axis_name)


_sum_of_devices.defvjp(
    lambda part, axis_name: (jax.lax.psum(part, axis_name), None),
    lambda axis_name, _, gradient: (jax.lax.pcast(gradient, axis_name, to="varying"),),
)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def to_devices(whole: jax.Array, axis_name: AxisName) -> jax.Array:
    """What all devices have, for each to use with its own: their gradients are added up.

    Args:
      whole: the same on all of them.
      axis_name: the axes of the devices.

    Returns:
      The same.
    """
    return jax.lax.pcast(whole, axis_name, to="varying")


to_devices.defvjp(
    lambda whole, axis_name: (jax.lax.pcast(whole, axis_name, to="varying"), None),
    lambda axis_name, _, gradient: (jax.lax.psum(gradient, axis_name),),
)
