"""Softmax as a walk down a Huffman tree: a word's chance is a product of left-right decisions."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxw2v.losses.decisions import block_decision_gradients, block_decision_loss
from jaxw2v.losses.product import AxisName, product, scores


def hierarchical_softmax_loss(
    hidden: jax.Array, nodes: jax.Array, signs: jax.Array, axis_name: AxisName = None
) -> jax.Array:
    r"""The loss of each (hidden vector, word) pair.

    .. math:: -\sum_{p} \log \sigma(s_p \, h \cdot n_p)

    over the nodes of the word's path.

    Args:
      hidden: [..., D] floating.
      nodes: [..., P, D] floating, rows of ``output_embedding`` for ``HuffmanTree.nodes``.
      signs: [..., P], ``HuffmanTree.signs``; where it is 0 the node does not count.
      axis_name: the mesh axes, as :func:`jax.lax.psum` takes them, along which devices hold
        different columns of every row, and D is what one of them holds; ``None`` where rows are
        whole.

    Returns:
      float32 [...], nats.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 3; Morin and Bengio 2005.

    Example:
      >>> signs = jnp.array([[1, -1, 0]])
      >>> loss = hierarchical_softmax_loss(jnp.zeros((1, 4)), jnp.zeros((1, 3, 4)), signs)
      >>> bool(jnp.isclose(loss[0], 2 * jnp.log(2)))
      True
    """
    of_hidden = nodes.ndim > 1 and (*nodes.shape[:-2], nodes.shape[-1]) == hidden.shape
    if not of_hidden or signs.shape != nodes.shape[:-1]:
        raise ValueError(
            f"hidden {hidden.shape}, nodes {nodes.shape} and signs {signs.shape} must be [..., D], "
            "[..., P, D] and [..., P]"
        )
    score = scores("...d,...pd->...p", hidden, nodes, axis_name)
    return -(_taken(signs) * jax.nn.log_sigmoid(signs.astype(score.dtype) * score)).sum(-1)


def block_hierarchical_softmax_loss(
    hidden: jax.Array,
    nodes: jax.Array,
    signs: jax.Array,
    target_mask: jax.Array,
    axis_name: AxisName = None,
) -> jax.Array:
    r"""The summed loss of all pairs in some blocks.

    .. math:: -\sum_{ij} M_{ji} \sum_p \log \sigma(s_{jp} \, h_i \cdot n_{jp})

    Args:
      hidden: [B, L, D] floating.
      nodes: [B, L, P, D] floating, the rows on the path of each of the block's words.
      signs: [B, L, P], ``HuffmanTree.signs`` of the same words.
      target_mask: bool or weights [B, L (target), L (hidden)], which words each hidden vector
        predicts; or bool [B, L], which hidden vectors predict the word in their own place.
      axis_name: the mesh axes, as :func:`jax.lax.psum` takes them, along which devices hold
        different columns of every row, and D is what one of them holds; ``None`` where rows are
        whole.

    Returns:
      float32 [], nats, summed over pairs.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 3.

    Example:
      >>> mask, signs = ~jnp.eye(2, dtype=bool)[None], jnp.ones((1, 2, 3))
      >>> hidden, nodes = jnp.zeros((1, 2, 4)), jnp.zeros((1, 2, 3, 4))
      >>> loss = block_hierarchical_softmax_loss(hidden, nodes, signs, mask)
      >>> bool(jnp.isclose(loss, 6 * jnp.log(2)))
      True
    """
    _check_block(hidden, nodes, signs, target_mask)
    if target_mask.ndim == 2:
        losses = hierarchical_softmax_loss(hidden, nodes, signs, axis_name)
        return (target_mask.astype(losses.dtype) * losses).sum()
    return block_decision_loss(hidden, _flat(nodes), *path_decisions(signs, target_mask), axis_name)


def block_hierarchical_softmax_gradients(
    hidden: jax.Array,
    nodes: jax.Array,
    signs: jax.Array,
    target_mask: jax.Array,
    axis_name: AxisName = None,
) -> tuple[jax.Array, jax.Array]:
    r"""The gradients of :func:`block_hierarchical_softmax_loss`, written out.

    With :math:`G_{jpi} = M_{ji} [s_{jp} \ne 0] (\sigma(h_i \cdot n_{jp}) - [s_{jp} > 0])` they are
    :math:`\sum_{jp} G_{jpi} n_{jp}` and :math:`\sum_i G_{jpi} h_i`.

    Args:
      hidden: [B, L, D] floating.
      nodes: [B, L, P, D] floating, the rows on the path of each of the block's words.
      signs: [B, L, P], ``HuffmanTree.signs`` of the same words.
      target_mask: bool or weights [B, L (target), L (hidden)], or bool [B, L], as for the loss.
      axis_name: as for the loss; the gradients are those of this device's columns.

    Returns:
      float32 [B, L, D], the gradient with respect to ``hidden``.
      float32 [B, L, P, D], the gradient with respect to ``nodes``.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 3.

    Example:
      >>> mask, signs = ~jnp.eye(2, dtype=bool)[None], jnp.ones((1, 2, 3))
      >>> hidden, nodes = jnp.zeros((1, 2, 4)), jnp.zeros((1, 2, 3, 4))
      >>> [g.shape for g in block_hierarchical_softmax_gradients(hidden, nodes, signs, mask)]
      [(1, 2, 4), (1, 2, 3, 4)]
    """
    _check_block(hidden, nodes, signs, target_mask)
    if target_mask.ndim == 2:
        sigmoid = jax.nn.sigmoid(scores("bjpd,bjd->bjp", nodes, hidden, axis_name))
        mask = target_mask.astype(jnp.float32)[..., None]
        grad_scores = mask * (_taken(signs) * sigmoid - (signs > 0).astype(jnp.float32))
        return (
            product("bjp,bjpd->bjd", grad_scores, nodes),
            grad_scores[..., None] * hidden.astype(jnp.float32)[:, :, None],
        )
    grad_hidden, grad_nodes = block_decision_gradients(
        hidden, _flat(nodes), *path_decisions(signs, target_mask), axis_name
    )
    return grad_hidden, grad_nodes.reshape(nodes.shape)


def path_decisions(signs: jax.Array, target_mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    """What hidden vectors decide at the nodes of the paths of a block's words.

    Args:
      signs: [B, L, P], ``HuffmanTree.signs`` of the words.
      target_mask: bool or weights [B, L (target), L (hidden)].

    Returns:
      float32 [B, L * P, L], how often each hidden vector goes left at each node.
      float32 [B, L * P, L], how often it goes left or right.

    Example:
      >>> left, both = path_decisions(jnp.array([[[1, -1]]]), jnp.ones((1, 1, 1)))
      >>> left.ravel().tolist(), both.ravel().tolist()
      ([1.0, 0.0], [1.0, 1.0])
    """
    weights = target_mask.astype(jnp.float32)[:, :, None]
    shape = (signs.shape[0], signs.shape[1] * signs.shape[2], target_mask.shape[2])

    def decided(turns: jax.Array) -> jax.Array:
        return (turns.astype(jnp.float32)[..., None] * weights).reshape(shape)

    return decided(signs > 0), decided(signs != 0)


def shared_decisions(signs: jax.Array, target_mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    """What hidden vectors decide at nodes that many of a block's words share.

    Args:
      signs: [B, L, T], from :func:`~jaxw2v.losses.split_at`, of the words.
      target_mask: bool or weights [B, L (target), L (hidden)], or [B, L], as for
        :func:`block_hierarchical_softmax_loss`.

    Returns:
      float32 [B, T, L], how often each hidden vector goes left at each node.
      float32 [B, T, L], how often it goes left or right.

    Example:
      >>> left, both = shared_decisions(jnp.array([[[1], [1]]]), jnp.ones((1, 2, 2)))
      >>> left.ravel().tolist(), both.ravel().tolist()
      ([2.0, 2.0], [2.0, 2.0])
    """
    weights = target_mask.astype(jnp.float32)

    def decided(turns: jax.Array) -> jax.Array:
        taken = turns.astype(jnp.float32)
        if weights.ndim == 2:
            return taken.swapaxes(1, 2) * weights[:, None]
        return jnp.einsum("bjt,bji->bti", taken, weights, precision="highest")

    return decided(signs > 0), decided(signs != 0)


def _check_block(
    hidden: jax.Array, nodes: jax.Array, signs: jax.Array, target_mask: jax.Array
) -> None:
    if hidden.ndim != 3:
        raise ValueError(f"hidden must be [B, L, D], not {hidden.shape}")
    blocks, length, _ = hidden.shape
    if nodes.ndim != 4 or (*nodes.shape[:2], nodes.shape[3]) != hidden.shape:
        raise ValueError(f"nodes {nodes.shape} must be [B, L, P, D] for hidden {hidden.shape}")
    if signs.shape != nodes.shape[:3]:
        raise ValueError(f"signs {signs.shape} must be [B, L, P] for nodes {nodes.shape}")
    if target_mask.shape not in ((blocks, length, length), (blocks, length)):
        raise ValueError(
            f"target_mask {target_mask.shape} must be [B, L, L] or [B, L] for hidden {hidden.shape}"
        )


def _taken(signs: jax.Array) -> jax.Array:
    return (signs != 0).astype(jnp.float32)


def _flat(nodes: jax.Array) -> jax.Array:
    blocks, length, depth, dim = nodes.shape
    return nodes.reshape(blocks, length * depth, dim)
