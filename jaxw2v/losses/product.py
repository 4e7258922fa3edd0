"""How every product of the losses is taken: added up in float32, over all columns of the rows.

Operands are rounded as ``jax.default_matmul_precision`` has it: by default not at all on a CPU, to
TF32 on a GPU, to bfloat16 on a TPU. Training sets it by ``Config.precision``. Of its values a CPU
knows float32 and, rounded here, ``BF16_BF16_F32``: a processor that multiplies bfloat16 is faster
then, another one slower.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint

BFLOAT16_OPERANDS = "BF16_BF16_F32"
AxisName: TypeAlias = str | tuple[str, ...] | None
"""Axes of a mesh over which devices have shared out the columns of all rows."""


def product(equation: str, *operands: jax.Array) -> jax.Array:
    """Multiplies and adds up.

    Args:
      equation: as :func:`jax.numpy.einsum` takes it.
      operands: floating, two of them.

    Returns:
      float32.

    Example:
      >>> third = jnp.full((1, 1), 1 / 3)
      >>> with jax.default_matmul_precision(BFLOAT16_OPERANDS):
      ...     product("ij,jk->ik", third, jnp.ones((1, 1))).item()
      0.333984375
    """
    as_they_are = functools.partial(_product, equation)
    if not _rounds():
        return as_they_are(*operands)
    on_cpu = functools.partial(_rounded_product, equation)
    return jax.lax.platform_dependent(*operands, cpu=on_cpu, default=as_they_are)


def _rounds() -> bool:
    return jax.config.jax_default_matmul_precision == BFLOAT16_OPERANDS


def _product(
    equation: str, *operands: jax.Array, precision: jax.lax.Precision | None = None
) -> jax.Array:
    return jnp.einsum(equation, *operands, preferred_element_type=jnp.float32, precision=precision)


def _product_on_cpu(equation: str, *operands: jax.Array) -> jax.Array:
    """A CPU compiles no small product that names an algorithm."""
    precision = jax.lax.Precision.DEFAULT if _rounds() else None
    return _product(equation, *operands, precision=precision)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _rounded_product(equation: str, one: jax.Array, other: jax.Array) -> jax.Array:
    """Its derivative multiplies what was not rounded: JAX's own would mix both types."""
    return _product_on_cpu(equation, *rounded(one, other))


@_rounded_product.defjvp
def _tangent(equation, operands, tangents):
    (one, other), (of_one, of_other) = operands, tangents
    moved = _product_on_cpu(equation, of_one, other) + _product_on_cpu(equation, one, of_other)
    return _rounded_product(equation, one, other), moved


def rounded(*operands: jax.Array) -> tuple[jax.Array, ...]:
    """Operands as a CPU multiplies them.

    Args:
      operands: floating.

    Returns:
      Them, or in bfloat16.
    """
    if not _rounds():
        return operands
    return tuple(operand.astype(jnp.bfloat16) for operand in operands)


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
    products = product(equation, rows, others)
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
    return jax.lax.platform_dependent(
        grad_scores, hidden, rows, cpu=_through_scores_on_cpu, default=_through_scores
    )


@jax.jit
def _through_scores_on_cpu(grad_scores, hidden, rows):
    grad_scores, hidden, rows = rounded(grad_scores, hidden, rows)
    # Its fast product takes only operands that lie in memory as their axes say.
    transposed = with_layout_constraint(grad_scores.swapaxes(1, 2), Layout((0, 1, 2)))
    return _products(_product_on_cpu, transposed, grad_scores, hidden, rows)


def _through_scores(grad_scores, hidden, rows):
    # The barrier keeps the transposition out of the product.
    transposed = jax.lax.optimization_barrier(grad_scores.swapaxes(1, 2))
    return _products(_product, transposed, grad_scores, hidden, rows)


def _products(multiply, transposed, grad_scores, hidden, rows):
    return (
        multiply("bin,bnd->bid", transposed, rows),
        multiply("bni,bid->bnd", grad_scores, hidden),
    )


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
