"""What turns rows of the input table into the vectors that predict a block's words."""

from __future__ import annotations

import abc
import dataclasses
from typing import ClassVar, Literal, TypeVar

import jax
import numpy as np

from jaxw2v.losses import bag_of_contexts
from jaxw2v.training.objectives.output_layer import Arrays

Pairs = TypeVar("Pairs", jax.Array, np.ndarray)


class InputLayer(abc.ABC):
    """Which rows are read, and which vectors of them predict which words.

    A subclass is hashable, and pure: what it needs of the vocabulary is in its constants.

    Attributes:
      by_columns: each component of the hidden vectors comes from the same component of the rows, so
        that devices may share out the columns of the tables; :meth:`hidden` then gets some columns
        of each row, D of one device.
    """

    by_columns: ClassVar[bool] = False

    def constants(self, counts: np.ndarray) -> Arrays:
        """Arrays made once from the vocabulary.

        Args:
          counts: int [V], occurrences.

        Returns:
          A pytree, handed to the other methods.
        """
        return ()

    def rows_per_block(self, block_length: int, constants: Arrays) -> int:
        """How many rows of the input table a block reads.

        Args:
          block_length: L.
          constants: the constants, from :meth:`constants`.

        Returns:
          M.
        """
        return block_length

    def row_ids(self, constants: Arrays, ids: jax.Array) -> jax.Array:
        """Which rows of the input table the blocks read.

        Args:
          constants: the constants, from :meth:`constants`.
          ids: int32 [B, L], the words.

        Returns:
          int32 [B, M]; the words' own rows, unless a subclass says otherwise.
        """
        return ids

    @abc.abstractmethod
    def hidden(
        self, constants: Arrays, ids: jax.Array, rows: jax.Array, pairs: jax.Array
    ) -> jax.Array:
        """The vectors that predict; JAX differentiates it with respect to the rows.

        Args:
          constants: the constants, from :meth:`constants`.
          ids: int32 [B, L], the words.
          rows: float32 [B, M, D], those of :meth:`row_ids`.
          pairs: bool, or float32 weights, [B, L (context), L (center)].

        Returns:
          float32 [B, L, D].
        """

    @abc.abstractmethod
    def targets(self, pairs: Pairs) -> Pairs:
        """What each of these vectors predicts.

        Args:
          pairs: bool, or float32 weights, [B, L (context), L (center)]; a numpy array where
            a run's memory is forecast.

        Returns:
          The target mask of :meth:`OutputLayer.loss
          <jaxw2v.training.objectives.output_layer.OutputLayer.loss>`.
        """


@dataclasses.dataclass(frozen=True)
class SkipGram(InputLayer):
    """The center's row predicts each of its contexts."""

    by_columns = True

    def hidden(self, constants, ids, rows: jax.Array, pairs: jax.Array) -> jax.Array:
        """The rows as they are."""
        return rows

    def targets(self, pairs: Pairs) -> Pairs:
        """The pairs as they are."""
        return pairs


@dataclasses.dataclass(frozen=True)
class ContinuousBagOfWords(InputLayer):
    """The contexts' rows together predict the center."""

    by_columns = True

    combine: Literal["mean", "sum"]

    def hidden(self, constants, ids, rows: jax.Array, pairs: jax.Array) -> jax.Array:
        """The mean or the sum of the contexts' rows."""
        return bag_of_contexts(rows, pairs, self.combine)

    def targets(self, pairs: Pairs) -> Pairs:
        """Each center that has a context predicts itself, bool [B, L]."""
        return pairs.any(axis=1)  # type: ignore[return-value, unused-ignore]
