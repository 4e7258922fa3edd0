"""Output layers that read every row, where devices along ``vocab`` hold parts of the table.

Each of these devices scores the blocks of all of them with its own rows; what travels is hidden
vectors and sums, nothing of the size of the vocabulary. Other layers pass through unchanged.
"""

from __future__ import annotations

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


def loss_of(layer: OutputLayer, constants: Arrays, scored: Scored, shards: Shards) -> jax.Array:
    """This device's share of the loss, so that the sum over all devices is that of all blocks.

    Args:
      layer: the output layer.
      constants: its constants.
      scored: the blocks.
      shards: how devices share the tables.

    Returns:
      float32 [], nats.
    """
    if not _is_shared(layer, shards):
        return layer.loss(constants, *scored)
    loss = layer.loss(constants, *_of_all(scored, shards))
    # All of them have the same, of which one counts.
    return jnp.where(shards.index(shards.vocab) == 0, loss, 0)


def gradients_of(
    layer: OutputLayer, constants: Arrays, scored: Scored, shards: Shards
) -> tuple[jax.Array, jax.Array]:
    """The gradients.

    Args:
      layer: the output layer.
      constants: its constants.
      scored: the blocks.
      shards: how devices share the tables.

    Returns:
      float32 [B, L, D], with respect to this device's hidden vectors.
      With respect to the rows; of a part of the table, from the blocks of all who share it.
    """
    if not _is_shared(layer, shards):
        return layer.gradients(constants, *scored)
    grad_hidden, grad_rows = layer.gradients(constants, *_of_all(scored, shards))
    size = scored.ids.shape[0]
    first = shards.index(shards.vocab) * size
    return jax.lax.dynamic_slice_in_dim(grad_hidden, first, size), grad_rows


def _is_shared(layer: OutputLayer, shards: Shards) -> bool:
    return layer.reads_every_row and bool(shards.vocab)


def _of_all(scored: Scored, shards: Shards) -> Scored:
    ids, hidden, targets = (
        shards.gather(array, shards.vocab) for array in (scored.ids, scored.hidden, scored.targets)
    )
    return Scored(ids, hidden, scored.rows, targets)
