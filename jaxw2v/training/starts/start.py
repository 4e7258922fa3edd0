"""What a run starts from, if not from random tables: given vectors, or another run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxw2v.devices.layout import Layout
from jaxw2v.devices.storage_order import word_of_row
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.state import TrainState


@dataclasses.dataclass(frozen=True)
class Start:
    """How a run's state is changed before its first step.

    Attributes:
      facts: what of it makes a run this run and no other, for JSON.
      change: a function from the randomly initialised state to that from which the run starts.
      is_continued: whether both tables have been trained before.
    """

    facts: dict[str, Any]
    change: Callable[[TrainState, Job, Layout], TrainState]
    is_continued: bool = False


def change_rows(
    array: jax.Array, size: int, change: Callable[[np.ndarray, np.ndarray], None]
) -> jax.Array:
    """Changes rows where they lie: each process those of its own devices, a device at a time.

    Args:
      array: [R, ...] in storage order, sharded in any way.
      size: V, words.
      change: given int [n], the words of some rows, V or more where no word owns them, changes
        the rows [n, ...] in place.

    Returns:
      The array, sharded as before.
    """
    parts = []
    for shard in array.addressable_shards:
        part = np.array(shard.data)
        first = (shard.index[0].start or 0) if shard.index else 0
        change(word_of_row(np.arange(first, first + len(part)), size), part)
        parts.append(jax.device_put(part, shard.device))
    return jax.make_array_from_single_device_arrays(array.shape, array.sharding, parts)
