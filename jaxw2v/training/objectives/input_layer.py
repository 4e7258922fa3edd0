"""What turns the input rows of a block into the vectors that predict its words."""

from __future__ import annotations

import dataclasses
from typing import Literal, Protocol

import jax

from jaxw2v.losses import bag_of_contexts


class InputLayer(Protocol):
    """Which vectors predict which words."""

    def hidden(self, inputs: jax.Array, positive_mask: jax.Array) -> jax.Array:
        """From input rows [B, L, D] and pairs [B, L, L] to hidden vectors [B, L, D]."""

    def targets(self, positive_mask: jax.Array) -> jax.Array:
        """From pairs [B, L (context), L (center)] to the target mask of the losses."""


class SkipGram:
    """The center's row predicts each of its contexts."""

    def hidden(self, inputs: jax.Array, positive_mask: jax.Array) -> jax.Array:
        """The rows as they are."""
        return inputs

    def targets(self, positive_mask: jax.Array) -> jax.Array:
        """The pairs as they are."""
        return positive_mask


@dataclasses.dataclass(frozen=True)
class ContinuousBagOfWords:
    """The contexts' rows together predict the center."""

    combine: Literal["mean", "sum"]

    def hidden(self, inputs: jax.Array, positive_mask: jax.Array) -> jax.Array:
        """The mean or the sum of the contexts' rows."""
        return bag_of_contexts(inputs, positive_mask, self.combine)

    def targets(self, positive_mask: jax.Array) -> jax.Array:
        """Each center that has a context predicts the word in its own place, bool [B, L]."""
        return positive_mask.any(axis=1)
