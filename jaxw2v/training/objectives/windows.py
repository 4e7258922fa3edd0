"""Which tokens of a block form pairs, and how much each pair counts."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import jax

from jaxw2v.sampling import ContextBounds, expected_mask, positive_mask
from jaxw2v.sampling.windows import Side


@dataclasses.dataclass(frozen=True)
class Windows:
    """Every context within the window is a pair, and counts once.

    A subclass may weight the pairs.

    Attributes:
      window: W, the largest window (words).
      side: where contexts stand, ``both``, ``left`` or ``right``.
      require_full_window: centers whose window the sentence or the block cuts short have no pairs.
      draws: whether each center draws its window from 1..W; otherwise all are W.
    """

    window: int
    side: Side = "both"
    require_full_window: bool = False
    draws: ClassVar[bool] = False

    def pairs(self, bounds: ContextBounds) -> jax.Array:
        """The pairs of some blocks.

        Args:
          bounds: int32 [B, L] each, the contexts of each token.

        Returns:
          [B, L (context), L (center)], bool, or float32 weights, 0 for no pair.
        """
        return positive_mask(bounds)


@dataclasses.dataclass(frozen=True)
class DrawnWindows(Windows):
    """Every context inside the window that was drawn is a pair."""

    draws: ClassVar[bool] = True


@dataclasses.dataclass(frozen=True)
class ExpectedWindows(Windows):
    """Every context counts by its chance to be inside a window that is drawn from 1..W."""

    def pairs(self, bounds: ContextBounds) -> jax.Array:
        """:func:`jaxw2v.sampling.expected_mask`."""
        return expected_mask(bounds, self.window)
