"""Where a run stands between two chunks: all that resuming needs beside the arrays."""

from __future__ import annotations

import dataclasses
from typing import Any

from jaxw2v.training.callbacks import EpochRecord


@dataclasses.dataclass(frozen=True)
class Cursor:
    """Where a run stands.

    Keys are folded from seed, epoch and chunk, and the order of the chunks is drawn from seed and
    epoch, so that numbers say all.

    Attributes:
      epoch: epochs done.
      chunks: chunks of the next epoch done.
      steps: optimizer steps so far.
      sums: loss in nats, pairs measured and pairs formed in the next epoch's chunks so far.
      seconds: time that these chunks took.
      metrics: a record for each epoch done.
    """

    epoch: int = 0
    chunks: int = 0
    steps: int = 0
    sums: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seconds: float = 0.0
    metrics: tuple[EpochRecord, ...] = ()

    def after(self, record: EpochRecord) -> Cursor:
        """The cursor at the end of an epoch.

        Args:
          record: the record of the epoch.

        Returns:
          The cursor.
        """
        return Cursor(self.epoch + 1, steps=self.steps, metrics=(*self.metrics, record))

    @property
    def best(self) -> EpochRecord | None:
        """The record of the smallest validation loss, the first of equal ones."""
        measured = [
            (loss, place)
            for place, record in enumerate(self.metrics)
            if (loss := record.get("validation_loss")) is not None
        ]
        return self.metrics[min(measured)[1]] if measured else None

    def to_json(self) -> dict[str, Any]:
        """The cursor as JSON holds it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Cursor:
        """Undoes :meth:`to_json`.

        Args:
          fields: what it returned, after JSON.

        Returns:
          The cursor.
        """
        return cls(**(fields | {key: tuple(fields[key]) for key in ("sums", "metrics")}))
