"""The hidden layer of CBOW: a center's contexts, taken together."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from jaxw2v.losses.product import product


def bag_of_contexts(
    inputs: jax.Array, positive_mask: jax.Array, combine: Literal["mean", "sum"] = "mean"
) -> jax.Array:
    r"""The mean, or the sum, of the input rows of each center's contexts.

    .. math:: h_i = \frac{1}{m_i} \sum_j M_{ji} u_j, \quad m_i = \sum_j M_{ji}

    Its derivative divides by :math:`m_i` too, which word2vec.c forgets for the mean.

    Args:
      inputs: [B, L, D] floating, rows of ``input_embedding``.
      positive_mask: bool [B, L (context), L (center)], from
        :func:`jaxw2v.sampling.positive_mask`.
      combine: ``mean``, or ``sum``, which leaves out the division.

    Returns:
      float32 [B, L, D]; zero for a center without contexts.

    Raises:
      ValueError: the shapes do not belong together, or ``combine`` is unknown.

    Reference:
      Mikolov et al. 2013a, section 3.1; İrsoy, Benton and Stratos 2021, "Corrected CBOW Performs
      as well as Skip-gram".

    Example:
      >>> mask = ~jnp.eye(3, dtype=bool)[None]
      >>> bag_of_contexts(jnp.arange(3.0).reshape(1, 3, 1), mask).ravel().tolist()
      [1.5, 1.0, 0.5]
    """
    if combine not in ("mean", "sum"):
        raise ValueError(f"combine is {combine!r}; it must be mean or sum")
    if inputs.ndim != 3 or positive_mask.shape != (*inputs.shape[:2], inputs.shape[1]):
        raise ValueError(
            f"inputs {inputs.shape} and positive_mask {positive_mask.shape} must be [B, L, D] and "
            "[B, L, L]"
        )
    total = product("bji,bjd->bid", positive_mask.astype(inputs.dtype), inputs)
    if combine == "sum":
        return total
    return total / jnp.maximum(positive_mask.sum(1, dtype=jnp.float32), 1)[..., None]
