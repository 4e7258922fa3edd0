"""Hierarchical softmax over a Huffman tree.

The nodes nearest the root are on most words' paths: a block reads each of them once, and of its
words' paths only the rest. It trains by the gradients that are written out in
:func:`jaxw2v.losses.block_decision_gradients` and
:func:`jaxw2v.losses.block_hierarchical_softmax_gradients`.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses import (
    HuffmanTree,
    block_decision_gradients,
    block_decision_loss,
    block_hierarchical_softmax_gradients,
    block_hierarchical_softmax_loss,
    huffman_tree,
    path_decisions,
    shared_decisions,
    split_at,
)
from jaxw2v.losses.product import AxisName
from jaxw2v.training.objectives.output_layer import OutputLayer

# Measured (experiments/throughput/NOTES.md): 4 and 6 levels are slower.
SHARED_LEVELS = 5
TREE = "no more than a level deeper than its words need"
TREE_BEFORE = "as deep as its counts make it"
"""Of runs of earlier commits, whose nodes stand elsewhere in the tree."""


class Tree(NamedTuple):
    """The tree as blocks read it.

    Attributes:
      shared: int32 [T], the nodes nearest the root.
      signs: int8 [V, T], how each word's path goes on at each of them.
      rest: the paths below.
    """

    shared: jax.Array
    signs: jax.Array
    rest: HuffmanTree


@dataclasses.dataclass(frozen=True)
class HuffmanSoftmax(OutputLayer):
    """The rows of the output table are the inner nodes of the tree; the last one is not used.

    Attributes:
      axis_name: see :class:`~jaxw2v.training.objectives.output_layer.OutputLayer`.
    """

    rows_are_words = False

    axis_name: AxisName = None

    def constants(self, counts: np.ndarray) -> Tree:
        """The tree, its longest path one node longer than if all were of one length.

        Every path is read in that length; the mean of words as they occur grows by up to 3%
        (measured on 0.2 to 15 million words).
        """
        longest = (len(counts) - 1).bit_length() + 1
        shared, signs, rest = split_at(huffman_tree(counts, longest), SHARED_LEVELS)
        return Tree(jnp.asarray(shared), jnp.asarray(signs), jax.tree.map(jnp.asarray, rest))

    def rows_per_block(self, block_length: int, constants: Tree) -> int:
        """The shared nodes, and those of the longest rest of a path for each word."""
        return constants.shared.size + block_length * constants.rest.nodes.shape[1]

    def scores_per_block(self, block_length: int, constants: Tree, own_word: bool) -> int:
        """Rows by hidden vectors; of paths by those that predict their own word."""
        rows = self.rows_per_block(block_length, constants)
        if own_word:
            return rows + constants.shared.size * (block_length - 1)
        return block_length * rows

    def row_ids(self, constants: Tree, ids: jax.Array, draws) -> jax.Array:
        """The shared nodes, then those on the words' paths, int32 [B, T + L * P]."""
        shared = jnp.broadcast_to(constants.shared, (ids.shape[0], constants.shared.size))
        paths = constants.rest.nodes[ids].reshape(ids.shape[0], -1)
        return jnp.concatenate([shared, paths], axis=1)

    def loss(self, constants: Tree, ids, hidden, rows, target_mask) -> jax.Array:
        """That of the shared decisions and that of the rest of the paths."""
        shared, nodes = _split(constants, ids, rows)
        decided = shared_decisions(constants.signs[ids], target_mask)
        signs = constants.rest.signs[ids]
        return block_decision_loss(
            hidden, shared, *decided, self.axis_name
        ) + block_hierarchical_softmax_loss(hidden, nodes, signs, target_mask, self.axis_name)

    def gradients(self, constants: Tree, ids, hidden, rows, target_mask):
        """Written out; as one product of all rows where words predict more than their own place."""
        decided = shared_decisions(constants.signs[ids], target_mask)
        signs = constants.rest.signs[ids]
        if target_mask.ndim == 3:
            parts = zip(decided, path_decisions(signs, target_mask), strict=True)
            left, both = (jnp.concatenate(part, axis=1) for part in parts)
            return block_decision_gradients(hidden, rows, left, both, self.axis_name)
        shared, nodes = _split(constants, ids, rows)
        of_shared, grad_shared = block_decision_gradients(hidden, shared, *decided, self.axis_name)
        of_nodes, grad_nodes = block_hierarchical_softmax_gradients(
            hidden, nodes, signs, target_mask, self.axis_name
        )
        flat = grad_nodes.reshape(rows.shape[0], -1, rows.shape[2])
        return of_shared + of_nodes, jnp.concatenate([grad_shared, flat], axis=1)


def _split(constants: Tree, ids: jax.Array, rows: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The rows of the shared nodes, [B, T, D], and those of the paths, [B, L, P, D]."""
    shared, paths = jnp.split(rows, [constants.shared.size], axis=1)
    depth = constants.rest.nodes.shape[1]
    return shared, paths.reshape(*ids.shape, depth, rows.shape[2])
