"""Pure loss functions, for ``jax.grad`` and for training.

Training uses the forms for blocks, and ``negative_sampling_loss`` for fresh negatives. For some
forms the gradient with respect to the rows of a block is written out beside the loss, because that
is faster: ``block_negative_sampling_gradients`` (the default), ``block_decision_gradients`` and
``block_hierarchical_softmax_gradients``; tests hold them to ``jax.grad`` of their losses. Fresh
negatives and exact softmax train by ``jax.grad``, which takes the derivative of ``log_partition``
from a rule of its own (``softmax``).

Array letters: V vocabulary, D embedding dimension, B blocks, L tokens in a block, N negatives of
a block, K negatives of a pair, P nodes of a path, T nodes that paths share.
"""

from jaxw2v.losses.block_negative_sampling import (
    block_negative_sampling_gradients,
    block_negative_sampling_loss,
)
from jaxw2v.losses.continuous_bag_of_words import bag_of_contexts
from jaxw2v.losses.decisions import block_decision_gradients, block_decision_loss
from jaxw2v.losses.hierarchical_softmax import (
    block_hierarchical_softmax_gradients,
    block_hierarchical_softmax_loss,
    hierarchical_softmax_loss,
    path_decisions,
    shared_decisions,
)
from jaxw2v.losses.huffman_tree import HuffmanTree, huffman_tree, split_at
from jaxw2v.losses.negative_sampling import negative_sampling_loss
from jaxw2v.losses.softmax import block_softmax_loss, log_partition, softmax_loss

__all__ = [
    "HuffmanTree",
    "bag_of_contexts",
    "block_decision_gradients",
    "block_decision_loss",
    "block_hierarchical_softmax_gradients",
    "block_hierarchical_softmax_loss",
    "block_negative_sampling_gradients",
    "block_negative_sampling_loss",
    "block_softmax_loss",
    "hierarchical_softmax_loss",
    "huffman_tree",
    "log_partition",
    "negative_sampling_loss",
    "path_decisions",
    "shared_decisions",
    "softmax_loss",
    "split_at",
]
