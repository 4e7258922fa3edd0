"""Negative sampling over blocks: every row is read once, all products are matrix products.

Scores are kept as [outputs, centers]: the layout in which XLA's CPU products are fastest.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxw2v.losses.product import AxisName, scores, through_scores


def block_negative_sampling_loss(
    centers: jax.Array,
    contexts: jax.Array,
    negatives: jax.Array,
    positive_mask: jax.Array,
    num_negatives: int,
    axis_name: AxisName = None,
) -> jax.Array:
    r"""The summed loss of all pairs in some blocks, whose negatives the pairs share.

    .. math:: -\sum_{ij} M_{ji} \log\sigma(u_i \cdot c_j)
              - \sum_i m_i \frac{K}{N} \sum_{k=1}^{N} \log\sigma(-u_i \cdot n_k),
              \quad m_i = \sum_j M_{ji}

    Its expectation over negatives is that of :func:`~jaxw2v.losses.negative_sampling_loss`
    with K fresh negatives for every pair.

    Args:
      centers: [B, L, D] floating, rows of ``input_embedding``.
      contexts: [B, L, D] floating, rows of ``output_embedding`` of the same tokens.
      negatives: [B, N, D] floating, rows of ``output_embedding``.
      positive_mask: bool, or weights, [B, L (context), L (center)], from
        :func:`jaxw2v.sampling.positive_mask` or :func:`~jaxw2v.sampling.expected_mask`; or bool
        [B, L], which centers predict the word in their own place (cbow, whose centers are hidden
        vectors).
      num_negatives: K, negatives for a pair in expectation.
      axis_name: the mesh axes, as :func:`jax.lax.psum` takes them, along which devices hold
        different columns of every row, and D is what one of them holds; ``None`` where rows are
        whole.

    Returns:
      float32 [], nats, summed over pairs.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 4; shared negatives: Ji et al. 2016, "Parallelizing
      Word2Vec in Shared and Distributed Memory".

    Example:
      >>> mask = ~jnp.eye(2, dtype=bool)[None]
      >>> loss = block_negative_sampling_loss(
      ...     jnp.zeros((1, 2, 3)), jnp.zeros((1, 2, 3)), jnp.zeros((1, 8, 3)), mask, 5
      ... )
      >>> bool(jnp.isclose(loss, 2 * 6 * jnp.log(2)))
      True
    """
    _check_shapes(centers, contexts, negatives, positive_mask)
    mask = positive_mask.astype(jnp.float32)
    if mask.ndim == 2:
        positive = scores("bid,bid->bi", contexts, centers, axis_name)
        negative = scores("bnd,bid->bni", negatives, centers, axis_name)
        pairs = mask
    else:
        # One product, which XLA finds to be that of the gradients.
        outputs = jnp.concatenate([contexts, negatives], axis=1)
        all_scores = scores("bnd,bid->bni", outputs, centers, axis_name)
        positive, negative = jnp.split(all_scores, [centers.shape[1]], axis=1)
        pairs = mask.sum(1)
    share = num_negatives / negatives.shape[1]
    positive_loss = -(mask * jax.nn.log_sigmoid(positive)).sum()
    return positive_loss - share * (pairs * jax.nn.log_sigmoid(-negative).sum(1)).sum()


def block_negative_sampling_gradients(
    centers: jax.Array,
    outputs: jax.Array,
    positive_mask: jax.Array,
    num_negatives: int,
    axis_name: AxisName = None,
) -> tuple[jax.Array, jax.Array]:
    r"""The gradients of :func:`block_negative_sampling_loss`, written out.

    With :math:`G_{ji} = M_{ji}(\sigma(u_i \cdot c_j) - 1)` for contexts and
    :math:`G_{ki} = m_i \frac{K}{N} \sigma(u_i \cdot n_k)` for negatives, the gradients are
    :math:`G^T [C; N]` and :math:`G U`. Three products where autodiff through the loss takes
    six, because contexts and negatives are one operand.

    Args:
      centers: [B, L, D] floating, rows of ``input_embedding``.
      outputs: [B, L + N, D] floating, rows of ``output_embedding``: those of the block's
        tokens, then those of its negatives.
      positive_mask: bool or weights [B, L (context), L (center)] or [B, L], as for the loss.
      num_negatives: K, negatives for a pair in expectation.
      axis_name: as for the loss; the gradients are those of this device's columns.

    Returns:
      float32 [B, L, D], the gradient with respect to ``centers``.
      float32 [B, L + N, D], the gradient with respect to ``outputs``.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 4; Ji et al. 2016 (shared negatives).

    Example:
      >>> mask = ~jnp.eye(2, dtype=bool)[None]
      >>> u, c = jnp.ones((1, 2, 3)), jnp.ones((1, 2 + 8, 3))
      >>> [g.shape for g in block_negative_sampling_gradients(u, c, mask, 5)]
      [(1, 2, 3), (1, 10, 3)]
    """
    length = centers.shape[1]
    _check_shapes(centers, outputs[:, :length], outputs[:, length:], positive_mask)
    mask = positive_mask.astype(jnp.float32)
    if mask.ndim == 2:
        return _own_gradients(centers, outputs, mask, num_negatives, axis_name)
    sigmoid = jax.nn.sigmoid(scores("bnd,bid->bni", outputs, centers, axis_name))
    weight = mask.sum(1, keepdims=True) * (num_negatives / (outputs.shape[1] - length))
    grad_scores = jnp.concatenate(
        [mask * (sigmoid[:, :length] - 1), weight * sigmoid[:, length:]], axis=1
    )
    return through_scores(grad_scores, centers, outputs)


def _own_gradients(
    centers: jax.Array,
    outputs: jax.Array,
    mask: jax.Array,
    num_negatives: int,
    axis_name: AxisName,
) -> tuple[jax.Array, jax.Array]:
    length = centers.shape[1]
    contexts, negatives = outputs[:, :length], outputs[:, length:]
    positive = jax.nn.sigmoid(scores("bid,bid->bi", contexts, centers, axis_name))
    negative = jax.nn.sigmoid(scores("bnd,bid->bni", negatives, centers, axis_name))
    grad_positive = (mask * (positive - 1))[..., None]
    grad_negative = mask[:, None] * (num_negatives / negatives.shape[1]) * negative
    grad_centers, grad_negatives = through_scores(grad_negative, centers, negatives)
    grad_contexts = grad_positive * centers.astype(jnp.float32)
    grad_outputs = jnp.concatenate([grad_contexts, grad_negatives], axis=1)
    return grad_centers + grad_positive * contexts.astype(jnp.float32), grad_outputs


def _check_shapes(
    centers: jax.Array, contexts: jax.Array, negatives: jax.Array, positive_mask: jax.Array
) -> None:
    if centers.ndim != 3:
        raise ValueError(f"centers must be [B, L, D], not {centers.shape}")
    blocks, length, dim = centers.shape
    if contexts.shape != centers.shape:
        raise ValueError(
            f"contexts {contexts.shape} must have the shape of centers {centers.shape}"
        )
    if negatives.ndim != 3 or (negatives.shape[0], negatives.shape[2]) != (blocks, dim):
        raise ValueError(f"negatives must be [{blocks}, N, {dim}], not {negatives.shape}")
    if negatives.shape[1] == 0:
        raise ValueError("negatives must hold at least one row for a block")
    if positive_mask.shape not in ((blocks, length, length), (blocks, length)):
        raise ValueError(
            f"positive_mask must be [{blocks}, {length}, {length}] or [{blocks}, {length}], not "
            f"{positive_mask.shape}"
        )
