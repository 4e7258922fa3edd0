"""Counts the arithmetic of matrix products in a traced program. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr


def product_flops(jaxpr: Any) -> int:
    r"""Additions and multiplications of all products of matrices.

    .. math:: \sum 2 \cdot \text{elements of the product} \cdot \text{terms summed up in each}

    A loop counts one round, of a conditional the branch with fewest: no less is done.

    Args:
      jaxpr: what was traced, such as ``jax.make_jaxpr(f)(x).jaxpr``.

    Returns:
      Operations.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> product_flops(jax.make_jaxpr(jnp.dot)(jnp.ones((2, 3)), jnp.ones((3, 4))).jaxpr)
      48
    """
    total = 0
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        inner = [product_flops(part) for part in _jaxprs(equation.params.values())]
        if name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            terms = math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
            total += 2 * math.prod(equation.outvars[0].aval.shape) * terms
        elif name == "cond":
            total += min(inner)
        else:
            total += sum(inner)
    return total


def _jaxprs(parameters: Any) -> Iterator[Any]:
    for parameter in parameters:
        if isinstance(parameter, (tuple, list)):
            yield from _jaxprs(parameter)
        elif isinstance(parameter, ClosedJaxpr):
            yield parameter.jaxpr
        elif isinstance(parameter, Jaxpr):
            yield parameter
