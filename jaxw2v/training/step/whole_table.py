"""Output layers that read every row, where devices along ``vocab`` hold parts of the table.

Each of these devices scores the blocks of all of them with its own rows; what travels is hidden
vectors and sums, nothing of the size of the vocabulary. Other layers pass through unchanged.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards
from jaxw2v.training.objectives.output_layer import Arrays, OutputLayer


class Scored(NamedTuple):
    """What an output layer takes of some blocks of this device.

    Attributes:
      ids: int32 [B, L], the words.
      hidden: float32 [B, L, D].
      rows: rows of the output table, or this device's part of it.
      targets: the target mask.
    """

    ids: jax.Array
    hidden: jax.Array
    rows: jax.Array
    targets: jax.Array


@dataclasses.dataclass(frozen=True)
class Scorer:
    """An output layer on one device among others.

    Attributes:
      layer: the output layer.
      constants: its constants.
      shards: how devices share the tables.
    """

    layer: OutputLayer
    constants: Arrays
    shards: Shards

    def loss(self, scored: Scored) -> jax.Array:
        """This device's share of the loss, so that the sum over all devices is that of all blocks.

        Args:
          scored: the blocks.

        Returns:
          float32 [], nats.
        """
        if not self._is_shared:
            return self.layer.loss(self.constants, *scored)
        loss = self.layer.loss(self.constants, *self._of_all(scored))
        # All of them have the same, of which one counts.
        return jnp.where(self.shards.index(self.shards.vocab) == 0, loss, 0)

    def gradients(self, scored: Scored) -> tuple[jax.Array, jax.Array]:
        """The gradients.

        Args:
          scored: the blocks.

        Returns:
          float32 [B, L, D], with respect to this device's hidden vectors.
          With respect to the rows; of a part of the table, from the blocks of all who share it.
        """
        if not self._is_shared:
            return self.layer.gradients(self.constants, *scored)
        grad_hidden, grad_rows = self.layer.gradients(self.constants, *self._of_all(scored))
        size = scored.ids.shape[0]
        first = self.shards.index(self.shards.vocab) * size
        return jax.lax.dynamic_slice_in_dim(grad_hidden, first, size), grad_rows

    @property
    def _is_shared(self) -> bool:
        return self.layer.reads_every_row and bool(self.shards.vocab)

    def _of_all(self, scored: Scored) -> Scored:
        ids, hidden, targets = (
            self.shards.gather(array, self.shards.vocab)
            for array in (scored.ids, scored.hidden, scored.targets)
        )
        return Scored(ids, hidden, scored.rows, targets)
