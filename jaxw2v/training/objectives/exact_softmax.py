"""Exact softmax over the vocabulary.

Trained by ``jax.grad`` of :func:`jaxw2v.losses.block_softmax_loss`.
"""

from __future__ import annotations

import jax

from jaxw2v.losses import block_softmax_loss
from jaxw2v.training.objectives.output_layer import OutputLayer


class ExactSoftmax(OutputLayer):
    """Every word of the vocabulary is scored, so every row of the output table moves."""

    touches_every_row = True
    reads_every_row = True

    def rows_per_block(self, block_length: int, constants) -> int:
        """A row a word; the table, read by all blocks at once, wants large micro-batches."""
        return block_length

    def loss(self, constants, ids, hidden, rows, target_mask) -> jax.Array:
        """:func:`jaxw2v.losses.block_softmax_loss`."""
        return block_softmax_loss(hidden, rows, ids, target_mask)
