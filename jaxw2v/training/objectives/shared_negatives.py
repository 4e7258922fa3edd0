"""Negative sampling whose negatives a block shares: the fast default.

Trained by the gradient that is written out in
:func:`jaxw2v.losses.block_negative_sampling_gradients`.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses import block_negative_sampling_gradients, block_negative_sampling_loss
from jaxw2v.losses.product import AxisName
from jaxw2v.sampling import (
    NoiseDistribution,
    noise_distribution,
    sample_noise,
)
from jaxw2v.training.objectives.output_layer import OutputLayer


@dataclasses.dataclass(frozen=True)
class SharedNegatives(OutputLayer):
    """A block's words, then N negatives that all its pairs share.

    Attributes:
      noise_exponent: negatives are drawn in proportion to count**noise_exponent.
      noise_table_size: entries of a finite table to draw from; ``None`` draws exactly.
      num_negatives: K, negatives for a pair in expectation.
      negatives_per_block: N.
      axis_name: see :class:`~jaxw2v.training.objectives.output_layer.OutputLayer`.
    """

    noise_exponent: float
    noise_table_size: int | None
    num_negatives: int
    negatives_per_block: int
    axis_name: AxisName = None

    def constants(self, counts: np.ndarray) -> NoiseDistribution:
        """The noise distribution."""
        return noise_distribution(counts, self.noise_exponent, self.noise_table_size)

    def draw(self, key: jax.Array, constants: NoiseDistribution, numbers: jax.Array) -> jax.Array:
        """Negatives, int32 [B, N]."""
        return sample_noise(key, constants, (numbers.size, self.negatives_per_block), numbers)

    def rows_per_block(self, block_length: int, constants) -> int:
        """Rows of words and negatives."""
        return block_length + self.negatives_per_block

    def scores_per_block(self, block_length: int, constants, own_word: bool) -> int:
        """Words and negatives by hidden vectors; of its own word a hidden vector has one score."""
        words = 1 if own_word else block_length
        return block_length * (words + self.negatives_per_block)

    def row_ids(self, constants, ids: jax.Array, draws: jax.Array) -> jax.Array:
        """Words and negatives, int32 [B, L + N]."""
        return jnp.concatenate([ids, draws], axis=1)

    def loss(self, constants, ids, hidden, rows, target_mask) -> jax.Array:
        """:func:`jaxw2v.losses.block_negative_sampling_loss`."""
        length = hidden.shape[1]
        return block_negative_sampling_loss(
            hidden,
            rows[:, :length],
            rows[:, length:],
            target_mask,
            self.num_negatives,
            self.axis_name,
        )

    def gradients(self, constants, ids, hidden, rows, target_mask):
        """Written out, with words and negatives as one operand."""
        return block_negative_sampling_gradients(
            hidden, rows, target_mask, self.num_negatives, self.axis_name
        )
