"""Negative sampling, one pair at a time: what fresh negatives train by."""

from __future__ import annotations

import jax

from jaxw2v.losses.product import AxisName, scores


def negative_sampling_loss(
    centers: jax.Array, contexts: jax.Array, negatives: jax.Array, axis_name: AxisName = None
) -> jax.Array:
    r"""The loss of each (center, context) pair with its own negatives.

    .. math:: -\log\sigma(u_i \cdot c_j) - \sum_{k=1}^{K} \log\sigma(-u_i \cdot n_k)

    The center's input row predicts the context's output row, as in the paper (word2vec.c has
    it the other way round, which sums to the same over symmetric windows). A negative that
    equals the context counts like any other, as in the paper.

    Args:
      centers: [..., D] floating, rows of ``input_embedding``.
      contexts: [..., D] floating, rows of ``output_embedding``.
      negatives: [..., K, D] floating, rows of ``output_embedding``.
      axis_name: the mesh axes, as :func:`jax.lax.psum` takes them, along which devices hold
        different columns of every row, and D is what one of them holds; ``None`` where rows are
        whole.

    Returns:
      float32 [...], nats.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 4.

    Example:
      >>> import jax.numpy as jnp
      >>> loss = negative_sampling_loss(jnp.zeros((1, 4)), jnp.zeros((1, 4)), jnp.zeros((1, 5, 4)))
      >>> bool(jnp.isclose(loss[0], 6 * jnp.log(2)))
      True
    """
    if centers.shape != contexts.shape:
        raise ValueError(
            f"contexts {contexts.shape} must have the shape of centers {centers.shape}"
        )
    if negatives.ndim < 2 or (*negatives.shape[:-2], negatives.shape[-1]) != centers.shape:
        raise ValueError(
            f"negatives {negatives.shape} must be centers {centers.shape} with an axis K before "
            "the last"
        )
    positive = scores("...d,...d->...", centers, contexts, axis_name)
    negative = scores("...d,...kd->...k", centers, negatives, axis_name)
    return -jax.nn.log_sigmoid(positive) - jax.nn.log_sigmoid(-negative).sum(-1)
