"""Which tokens of a block form pairs, and how much each pair counts."""

from __future__ import annotations

import abc
import dataclasses
from typing import ClassVar

import jax

from jaxw2v.sampling import ContextBounds, expected_mask, positive_mask


class Windows(abc.ABC):
    """Weights of pairs.

    Attributes:
      draws: whether each center draws its window, as the settings say; otherwise the bounds are
        those of the widest one.
    """

    draws: ClassVar[bool] = False

    @abc.abstractmethod
    def pairs(self, bounds: ContextBounds) -> jax.Array:
        """The pairs of some blocks.

        Args:
          bounds: int32 [B, L] each, the contexts of each token.

        Returns:
          [B, L (context), L (center)], bool, or float32 weights, 0 for no pair.
        """


@dataclasses.dataclass(frozen=True)
class DrawnWindows(Windows):
    """Every context inside the window that was drawn is a pair."""

    draws: ClassVar[bool] = True

    def pairs(self, bounds: ContextBounds) -> jax.Array:
        """:func:`jaxw2v.sampling.positive_mask`."""
        return positive_mask(bounds)


@dataclasses.dataclass(frozen=True)
class ExpectedWindows(Windows):
    """Every context counts by its chance to be inside a window that is drawn from 1..W.

    Attributes:
      window: W, the widest window.
    """

    window: int

    def pairs(self, bounds: ContextBounds) -> jax.Array:
        """:func:`jaxw2v.sampling.expected_mask`."""
        return expected_mask(bounds, self.window)
