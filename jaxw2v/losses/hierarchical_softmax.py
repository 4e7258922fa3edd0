"""Softmax as a walk down a Huffman tree: a word's chance is a product of left-right decisions."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses.product import AxisName, product, scores, through_scores


class HuffmanTree(NamedTuple):
    """Each word's path from the root.

    Attributes:
      nodes: int32 [V, P], inner nodes from the root on, 0 to V - 2; the root after the end.
      signs: int8 [V, P], 1 where the path goes left, -1 where it goes right, 0 after the end.
    """

    nodes: np.ndarray | jax.Array
    signs: np.ndarray | jax.Array


def huffman_tree(counts: np.ndarray) -> HuffmanTree:
    r"""Builds the tree that makes :math:`\sum_v \mathrm{count}_v \cdot \mathrm{length}_v` least.

    On the host, in O(V log V): sorted leaves and the nodes made so far are two queues, whose
    fronts are joined. Then all words walk up together, a level at a time.

    Args:
      counts: [V] integer, occurrences; V is at least 2.

    Returns:
      The paths, padded to the longest, P.

    Raises:
      ValueError: there are fewer than two words.

    Reference:
      Huffman 1952; van Leeuwen 1976 (two queues); Mikolov et al. 2013b, section 2.1.

    Example:
      >>> tree = huffman_tree(np.array([5, 2, 1]))
      >>> tree.nodes.tolist(), tree.signs.tolist()
      ([[1, 1], [1, 0], [1, 0]], [[-1, 0], [1, -1], [1, 1]])
    """
    size = len(counts)
    if size < 2:
        raise ValueError(f"counts has {size} words; a tree needs 2 or more")
    leaves = np.argsort(counts, kind="stable")
    weight = [int(counts[leaf]) for leaf in leaves] + [0] * (size - 1)
    parent, is_left = np.zeros(2 * size - 1, np.int64), np.zeros(2 * size - 1, bool)
    leaf, inner = 0, size
    for new in range(size, 2 * size - 1):
        for left in (True, False):
            if inner >= new or (leaf < size and weight[leaf] <= weight[inner]):
                child, leaf = leaf, leaf + 1
            else:
                child, inner = inner, inner + 1
            parent[child], is_left[child] = new, left
            weight[new] += weight[child]
    return _paths(leaves, parent, is_left)


def _paths(leaves: np.ndarray, parent: np.ndarray, is_left: np.ndarray) -> HuffmanTree:
    size, root = len(leaves), len(parent) - 1
    steps, at = [], np.arange(size)
    while (going := at != root).any():
        steps.append((np.where(going, parent[at], root), np.where(is_left[at], 1, -1) * going))
        at = np.where(going, parent[at], root)
    depth = np.sum([sign != 0 for _, sign in steps], axis=0)
    nodes = np.full((size, len(steps)), root, np.int64)
    signs = np.zeros((size, len(steps)), np.int8)
    for up, (node, sign) in enumerate(steps):
        # The step that is up-th from the leaf is (depth - 1 - up)-th from the root.
        places = depth - 1 - up
        rows = np.flatnonzero(places >= 0)
        nodes[leaves[rows], places[rows]] = node[rows]
        signs[leaves[rows], places[rows]] = sign[rows]
    return HuffmanTree((nodes - size).astype(np.int32), signs)


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
    score = scores("bjpd,bid->bjpi", nodes, hidden, axis_name)
    weight = _taken(signs)[..., None] * target_mask.astype(jnp.float32)[:, :, None, :]
    return -(weight * jax.nn.log_sigmoid(signs.astype(score.dtype)[..., None] * score)).sum()


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
    taken, left = _taken(signs), (signs > 0).astype(jnp.float32)
    if target_mask.ndim == 2:
        sigmoid = jax.nn.sigmoid(scores("bjpd,bjd->bjp", nodes, hidden, axis_name))
        mask = target_mask.astype(jnp.float32)[..., None]
        grad_scores = mask * (taken * sigmoid - left)
        return (
            product("bjp,bjpd->bjd", grad_scores, nodes),
            grad_scores[..., None] * hidden.astype(jnp.float32)[:, :, None],
        )
    blocks, length, depth, dim = nodes.shape
    flat = nodes.reshape(blocks, length * depth, dim)
    score = scores("bnd,bid->bni", flat, hidden, axis_name)
    sigmoid = jax.nn.sigmoid(score).reshape(blocks, length, depth, length)
    mask = target_mask.astype(jnp.float32)[:, :, None]
    grad_scores = mask * (taken[..., None] * sigmoid - left[..., None])
    grad_hidden, grad_nodes = through_scores(grad_scores.reshape(score.shape), hidden, flat)
    return grad_hidden, grad_nodes.reshape(nodes.shape)


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
