"""What every output layer offers to the training step."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, ClassVar

import jax
import numpy as np

from jaxw2v.errors import InputError

Arrays = Any


class OutputLayer(abc.ABC):
    """Predicts a block's words from its hidden vectors, by rows of the output table.

    Attributes:
      touches_every_row: the gradient is added up over the whole output table, because a step
        touches most of it anyway.
      reads_every_row: every score needs the whole output table.
      rows_are_words: row v of the output table belongs to word v.
      takes_weights: pairs may count by halves and such, not only wholly or not at all.

    A subclass that is a dataclass with a field ``axis_name`` can be trained where devices share out
    the columns of the tables: its methods then get some columns of each row, D of one device, and
    sum scores over these mesh axes. Others are refused there. One that reads every row can be
    trained where devices share out the rows if it has a field ``rows_axis_name``: it then gets the
    blocks of all these devices, and their own part of the table in the order of
    ``jaxw2v.devices.storage_order``.
    """

    touches_every_row: ClassVar[bool] = False
    reads_every_row: ClassVar[bool] = False
    rows_are_words: ClassVar[bool] = True
    takes_weights: ClassVar[bool] = True

    def across(self, axis_name: tuple[str, ...]) -> OutputLayer:
        """This layer where devices hold some columns of every row.

        Args:
          axis_name: the mesh axes along which they do.

        Returns:
          The layer, with its ``axis_name``.

        Raises:
          InputError: it has none, and needs whole rows.
        """
        return self._with_axes(
            "axis_name",
            axis_name,
            "needs whole rows, and a mesh DATAxVOCABxDIM shares out their columns; give a --mesh "
            "DATAxVOCAB",
        )

    def across_rows(self, axis_name: tuple[str, ...]) -> OutputLayer:
        """This layer, if it reads every row, where devices hold some rows of the table.

        Args:
          axis_name: the mesh axes along which they do.

        Returns:
          The layer, with its ``rows_axis_name``.

        Raises:
          InputError: it has none, and needs the whole table.
        """
        if not self.reads_every_row:
            return self
        return self._with_axes(
            "rows_axis_name",
            axis_name,
            "reads every row and needs whole tables; give a --mesh DATAx1",
        )

    def _with_axes(self, field: str, axes: tuple[str, ...], refusal: str) -> OutputLayer:
        known: tuple[dataclasses.Field, ...] = ()
        if dataclasses.is_dataclass(self):
            known = dataclasses.fields(self)
        if all(one.name != field for one in known):
            raise InputError(f"output layer {type(self).__name__} {refusal}")
        return dataclasses.replace(self, **{field: axes})  # type: ignore[type-var]

    def constants(self, counts: np.ndarray) -> Arrays:
        """Arrays made once from the vocabulary.

        Args:
          counts: int [V], occurrences.

        Returns:
          A pytree, handed to the other methods.
        """
        return ()

    def draw(self, key: jax.Array, constants: Arrays, numbers: jax.Array) -> Arrays:
        """Draws what is random about some blocks.

        Args:
          key: a PRNG key.
          constants: the constants, from :meth:`constants`.
          numbers: int32 [B], the number of each block; with the key it decides what is drawn.

        Returns:
          A pytree whose leaves begin with the axis B.
        """
        return ()

    def scores_per_block(self, block_length: int, constants: Arrays, own_word: bool) -> int:
        """How many scores of a block are exchanged where devices hold parts of the rows it reads.

        Args:
          block_length: L.
          constants: the constants, from :meth:`constants`.
          own_word: whether each hidden vector predicts the word in its own place only.

        Returns:
          The number of scores.
        """
        return block_length * self.rows_per_block(block_length, constants)

    @abc.abstractmethod
    def rows_per_block(self, block_length: int, constants: Arrays) -> int:
        """How many rows of the output table a block reads, by which micro-batches are sized.

        Args:
          block_length: L.
          constants: the constants, from :meth:`constants`.

        Returns:
          The number of rows.
        """

    def parts(self, target_mask: jax.Array | np.ndarray) -> jax.Array | int:
        """In how many parts the pairs of some blocks are taken, one after another.

        Args:
          target_mask: as for :meth:`loss`; a numpy array where a run's memory is forecast.

        Returns:
          int32 []; the number 1 where it is always all of them at once.
        """
        return 1

    def part(
        self, draws: Arrays, target_mask: jax.Array, number: jax.Array
    ) -> tuple[Arrays, jax.Array]:
        """One of these parts.

        Args:
          draws: the draws, from :meth:`draw`.
          target_mask: as for :meth:`loss`.
          number: int32 [], of the part.

        Returns:
          What is drawn for the part, and its pairs, in the shapes of ``draws`` and
          ``target_mask``.
        """
        return draws, target_mask

    def row_ids(self, constants: Arrays, ids: jax.Array, draws: Arrays) -> jax.Array | None:
        """Which rows of the output table the blocks read.

        Args:
          constants: the constants, from :meth:`constants`.
          ids: int32 [B, L], the words.
          draws: the draws, from :meth:`draw`.

        Returns:
          int32 [B, M]; ``None`` for the whole table.
        """
        return None

    @abc.abstractmethod
    def loss(
        self,
        constants: Arrays,
        ids: jax.Array,
        hidden: jax.Array,
        rows: jax.Array,
        target_mask: jax.Array,
    ) -> jax.Array:
        """The summed loss of the blocks' pairs.

        Args:
          constants: the constants, from :meth:`constants`.
          ids: int32 [B, L], the words.
          hidden: float32 [B, L, D].
          rows: float32 [B, M, D], or [V, D] where :meth:`row_ids` returns ``None``.
          target_mask: bool, or float32 weights, [B, L (target), L (hidden)], or [B, L] where each
            hidden vector predicts the word in its own place.

        Returns:
          float32 [], nats.
        """

    def gradients(
        self,
        constants: Arrays,
        ids: jax.Array,
        hidden: jax.Array,
        rows: jax.Array,
        target_mask: jax.Array,
    ) -> tuple[jax.Array, jax.Array]:
        """The gradients of :meth:`loss`.

        Args:
          constants: as for the loss.
          ids: as for the loss.
          hidden: as for the loss.
          rows: as for the loss.
          target_mask: as for the loss.

        Returns:
          The gradients with respect to ``hidden`` and ``rows``, of their shapes.
        """
        return jax.grad(self.loss, (2, 3))(constants, ids, hidden, rows, target_mask)
