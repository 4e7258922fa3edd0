"""Exact softmax over the vocabulary.

Trained by ``jax.grad`` of :func:`jaxw2v.losses.block_softmax_loss`, whose
:func:`~jaxw2v.losses.log_partition` has a derivative that is written out.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.devices.storage_order import num_rows, storage_row, word_of_row
from jaxw2v.losses import block_softmax_loss
from jaxw2v.losses.product import AxisName
from jaxw2v.training.objectives.output_layer import OutputLayer


@dataclasses.dataclass(frozen=True)
class ExactSoftmax(OutputLayer):
    """Every word of the vocabulary is scored, so every row of the output table moves.

    Attributes:
      rows_axis_name: see :class:`~jaxw2v.training.objectives.output_layer.OutputLayer`.
    """

    touches_every_row = True
    reads_every_row = True

    rows_axis_name: AxisName = None

    def constants(self, counts: np.ndarray) -> jax.Array:
        """Which rows of the table words own, bool [R]."""
        size = len(counts)
        return jnp.asarray(word_of_row(np.arange(num_rows(size)), size) < size)

    def rows_per_block(self, block_length: int, constants) -> int:
        """A row a word; the table, read by all blocks at once, wants large micro-batches."""
        return block_length

    def scores_per_block(self, block_length: int, constants, own_word: bool) -> int:
        """Those of targets; those of all words stay where the words' rows are."""
        return block_length * (1 if own_word else block_length)

    def loss(self, constants: jax.Array, ids, hidden, rows, target_mask) -> jax.Array:
        """:func:`jaxw2v.losses.block_softmax_loss`."""
        rows_axis_name = self.rows_axis_name
        if not rows_axis_name:
            return block_softmax_loss(hidden, rows, ids, target_mask)
        size = rows.shape[0]
        first = jax.lax.axis_index(rows_axis_name) * size
        is_word = jax.lax.dynamic_slice_in_dim(constants, first, size)
        ids = storage_row(ids, constants.size)
        return block_softmax_loss(
            hidden, rows, ids, target_mask, is_word=is_word, rows_axis_name=rows_axis_name
        )
