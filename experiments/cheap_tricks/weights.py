"""Contexts that count by where they stand: objectives of one's own, outside the package."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.training import InputLayer, Windows


@dataclasses.dataclass(frozen=True)
class OneOverDistance(Windows):
    """A pair counts by one over its distance, as in GloVe."""

    def pairs(self, bounds: Any) -> jax.Array:
        """The weights."""
        mask = super().pairs(bounds)
        index = jnp.arange(mask.shape[1])
        distance = jnp.abs(index[:, None] - index[None, :])[None]
        return jnp.where(mask, 1 / jnp.maximum(distance, 1), 0.0)


@dataclasses.dataclass(frozen=True)
class PositionWeights(InputLayer):
    r"""CBOW whose contexts are multiplied by a vector of their position, which is learned.

    .. math:: h_i = \frac{1}{m_i} \sum_{0 < |p| \le W} (1 + d_p) \odot u_{i+p}

    The rows of the rarest 2 W words of the vocabulary stand for the vectors d_p, for a layer has no
    parameters beside the tables; those words have no vectors of their own.

    Reference:
      Mikolov et al. 2018, "Advances in Pre-Training Distributed Word Representations", section 2.2.

    Attributes:
      window: W (words).
    """

    window: int

    def constants(self, counts: np.ndarray) -> Any:
        """The ids of the rows that stand for positions, -W to -1 and 1 to W."""
        return jnp.arange(len(counts) - 2 * self.window, len(counts), dtype=jnp.int32)

    def rows_per_block(self, block_length: int, constants: Any) -> int:
        """Those of the words, then those of the positions."""
        return block_length + 2 * self.window

    def row_ids(self, constants: Any, ids: jax.Array) -> jax.Array:
        """Those of the words, then those of the positions."""
        positions = jnp.broadcast_to(constants, (*ids.shape[:-1], constants.size))
        return jnp.concatenate([ids, positions], axis=-1)

    def hidden(self, constants: Any, ids: jax.Array, rows: jax.Array, pairs: jax.Array):
        """The weighted mean."""
        length = ids.shape[1]
        words, positions = rows[:, :length], rows[:, length:]
        total = jnp.zeros_like(words)
        offsets = [p for p in range(-self.window, self.window + 1) if p]
        for number, offset in enumerate(offsets):
            there = jnp.pad(jnp.diagonal(pairs, -offset, 1, 2).astype(words.dtype), _before(offset))
            context = jnp.roll(words, -offset, axis=1)
            total += there[..., None] * (1 + positions[:, number, None]) * context
        return total / jnp.maximum(pairs.sum(1, dtype=jnp.float32), 1)[..., None]

    def targets(self, pairs: Any) -> Any:
        """Each center that has a context predicts itself."""
        return pairs.any(axis=1)


def _before(offset: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Centers without a context at the offset: the first, or the last, ones of a block."""
    return (0, 0), ((-offset, 0) if offset < 0 else (0, offset))
