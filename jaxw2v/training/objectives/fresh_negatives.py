"""Negative sampling with negatives of its own for every pair, as the paper has it."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.losses import negative_sampling_loss
from jaxw2v.sampling import NoiseDistribution, sample_noise
from jaxw2v.training.objectives.output_layer import OutputLayer
from jaxw2v.training.objectives.shared_negatives import make_noise


@dataclasses.dataclass(frozen=True)
class FreshNegatives(OutputLayer):
    """A block's words, then K negatives for each place where a pair may be.

    Attributes:
      noise_exponent: negatives are drawn in proportion to count**noise_exponent.
      noise_table_size: entries of a finite table to draw from; ``None`` draws exactly.
      num_negatives: K, negatives of a pair.
      offsets: where a target may stand, seen from its hidden vector (words).
    """

    touches_every_row = True

    noise_exponent: float
    noise_table_size: int | None
    num_negatives: int
    offsets: tuple[int, ...]

    def constants(self, counts: np.ndarray) -> NoiseDistribution:
        """The noise distribution."""
        return make_noise(counts, self.noise_exponent, self.noise_table_size)

    def draw(self, key: jax.Array, constants: NoiseDistribution, numbers: jax.Array) -> jax.Array:
        """A key a block: the negatives themselves would not fit in memory."""
        return jax.vmap(jax.random.fold_in, (None, 0))(key, numbers)

    def floats_per_block(self, block_length: int, embedding_dim: int, constants) -> int:
        """Rows of words, and of K negatives for each place and offset."""
        return block_length * (1 + len(self.offsets) * self.num_negatives) * embedding_dim

    def row_ids(self, constants, ids: jax.Array, draws: jax.Array) -> jax.Array:
        """Words, then negatives by hidden vector, offset and k."""
        shape = (ids.shape[1], len(self.offsets) * self.num_negatives)
        negatives = jax.vmap(lambda key: sample_noise(key, constants, shape))(draws)
        return jnp.concatenate([ids, negatives.reshape(ids.shape[0], -1)], axis=1)

    def loss(self, constants, ids, hidden, rows, target_mask) -> jax.Array:
        """:func:`jaxw2v.losses.negative_sampling_loss`, summed over the pairs."""
        blocks, length, dim = hidden.shape
        target = np.arange(length)[:, None] + np.array(self.offsets)
        inside = (target >= 0) & (target < length)
        target = np.clip(target, 0, length - 1)
        if target_mask.ndim == 2:
            target_mask = target_mask[:, None] & jnp.eye(length, dtype=bool)[None]
        is_pair = target_mask[:, target, np.arange(length)[:, None]] & inside[None]
        negatives = rows[:, length:].reshape(
            blocks, length, len(self.offsets), self.num_negatives, dim
        )
        contexts = rows[:, target]
        centers = jnp.broadcast_to(hidden[:, :, None], contexts.shape)
        return jnp.where(is_pair, negative_sampling_loss(centers, contexts, negatives), 0).sum()
