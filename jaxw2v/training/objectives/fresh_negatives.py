"""Negative sampling with negatives of its own for every pair, as the paper has it.

Trained by ``jax.grad`` of :func:`jaxw2v.losses.negative_sampling_loss`.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses import negative_sampling_loss
from jaxw2v.losses.product import AxisName
from jaxw2v.sampling import NoiseDistribution, noise_distribution, sample_noise
from jaxw2v.training.objectives.output_layer import OutputLayer


@dataclasses.dataclass(frozen=True)
class FreshNegatives(OutputLayer):
    """A block's words, then K negatives for each of L pairs; more pairs are taken in parts.

    So a micro-batch costs what the pairs of its fullest block cost, however many tokens the windows
    have: the pairs that subsampling left may be one in ten.

    Attributes:
      noise_exponent: negatives are drawn in proportion to count**noise_exponent.
      noise_table_size: entries of a finite table to draw from; ``None`` draws exactly.
      num_negatives: K, negatives of a pair.
      axis_name: see :class:`~jaxw2v.training.objectives.output_layer.OutputLayer`.
    """

    touches_every_row = True
    takes_weights = False

    noise_exponent: float
    noise_table_size: int | None
    num_negatives: int
    axis_name: AxisName = None

    def constants(self, counts: np.ndarray) -> NoiseDistribution:
        """The noise distribution."""
        return noise_distribution(counts, self.noise_exponent, self.noise_table_size)

    def draw(self, key: jax.Array, constants: NoiseDistribution, numbers: jax.Array) -> jax.Array:
        """A key a block: the negatives themselves would not fit in memory."""
        return jax.vmap(jax.random.fold_in, (None, 0))(key, numbers)

    def rows_per_block(self, block_length: int, constants) -> int:
        """Rows of words, and of K negatives for as many pairs."""
        return block_length * (1 + self.num_negatives)

    def scores_per_block(self, block_length: int, constants, own_word: bool) -> int:
        """One and K for each of L pairs."""
        return block_length * (1 + self.num_negatives)

    def parts(self, target_mask: jax.Array | np.ndarray) -> jax.Array:
        """As many as the block with the most pairs needs, L at a time."""
        length = target_mask.shape[-1]
        pairs = target_mask.reshape(target_mask.shape[0], -1).sum(1)
        return (pairs.max() + length - 1) // length

    def part(
        self, draws: jax.Array, target_mask: jax.Array, number: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """A key for the part, and its L pairs, counted from the first target on."""
        length = target_mask.shape[-1]
        flat = target_mask.reshape(target_mask.shape[0], -1)
        rank = jnp.cumsum(flat, axis=1) - 1 - number * length
        chosen = flat & (rank >= 0) & (rank < length)
        keys = jax.vmap(jax.random.fold_in, (0, None))(draws, number)
        return keys, chosen.reshape(target_mask.shape)

    def row_ids(self, constants, ids: jax.Array, draws: jax.Array) -> jax.Array:
        """Words, then negatives by pair and k, int32 [B, L + L K]."""
        shape = (ids.shape[1], self.num_negatives)
        negatives = jax.vmap(lambda key: sample_noise(key, constants, shape))(draws)
        return jnp.concatenate([ids, negatives.reshape(ids.shape[0], -1)], axis=1)

    def loss(self, constants, ids, hidden, rows, target_mask) -> jax.Array:
        """:func:`jaxw2v.losses.negative_sampling_loss`, summed over the pairs of one part.

        At most L pairs a block, as :meth:`part` gives them; more would be left out.
        """
        if target_mask.ndim == 2:
            target_mask = target_mask[:, None] & jnp.eye(target_mask.shape[1], dtype=bool)[None]
        return jax.vmap(self._loss_of_block)(hidden, rows, target_mask).sum()

    def _loss_of_block(self, hidden, rows, target_mask) -> jax.Array:
        length, dim = hidden.shape
        target, center = jnp.nonzero(target_mask, size=length, fill_value=0)
        negatives = rows[length:].reshape(length, self.num_negatives, dim)
        loss = negative_sampling_loss(hidden[center], rows[target], negatives, self.axis_name)
        return jnp.where(jnp.arange(length) < target_mask.sum(), loss, 0).sum()
