"""Hierarchical softmax over a Huffman tree.

Trained by the gradient that is written out in
:func:`jaxw2v.losses.block_hierarchical_softmax_gradients`.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses import (
    HuffmanTree,
    block_hierarchical_softmax_gradients,
    block_hierarchical_softmax_loss,
    huffman_tree,
)
from jaxw2v.losses.product import AxisName
from jaxw2v.training.objectives.output_layer import OutputLayer


@dataclasses.dataclass(frozen=True)
class HuffmanSoftmax(OutputLayer):
    """The rows of the output table are the inner nodes of the tree; the last one is not used.

    Attributes:
      axis_name: see :class:`~jaxw2v.training.objectives.output_layer.OutputLayer`.
    """

    rows_are_words = False

    axis_name: AxisName = None

    def constants(self, counts: np.ndarray) -> HuffmanTree:
        """The tree."""
        return jax.tree.map(jnp.asarray, huffman_tree(counts))

    def rows_per_block(self, block_length: int, constants: HuffmanTree) -> int:
        """Rows of the longest path for each word."""
        return block_length * constants.nodes.shape[1]

    def scores_per_block(self, block_length: int, constants: HuffmanTree, own_word: bool) -> int:
        """Nodes of the paths by hidden vectors, or by those that predict their own word."""
        nodes = self.rows_per_block(block_length, constants)
        return nodes if own_word else block_length * nodes

    def row_ids(self, constants: HuffmanTree, ids: jax.Array, draws) -> jax.Array:
        """The nodes on the words' paths, int32 [B, L * P]."""
        return constants.nodes[ids].reshape(ids.shape[0], -1)

    def loss(self, constants: HuffmanTree, ids, hidden, rows, target_mask) -> jax.Array:
        """:func:`jaxw2v.losses.block_hierarchical_softmax_loss`."""
        nodes = rows.reshape(*ids.shape, -1, rows.shape[-1])
        return block_hierarchical_softmax_loss(
            hidden, nodes, constants.signs[ids], target_mask, self.axis_name
        )

    def gradients(self, constants: HuffmanTree, ids, hidden, rows, target_mask):
        """Written out."""
        nodes = rows.reshape(*ids.shape, -1, rows.shape[-1])
        grad_hidden, grad_nodes = block_hierarchical_softmax_gradients(
            hidden, nodes, constants.signs[ids], target_mask, self.axis_name
        )
        return grad_hidden, grad_nodes.reshape(rows.shape)
