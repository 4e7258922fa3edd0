"""What a user's own code may watch and stop while a run goes on."""

from __future__ import annotations

from typing import Any, NamedTuple

from jaxw2v.vectors import WordVectors

Metrics = dict[str, Any]


class Progress(NamedTuple):
    """Where a run is after a chunk.

    Attributes:
      epoch: from 1.
      words: raw words of all epochs so far.
      steps: optimizer steps of all epochs so far.
      loss: mean over the pairs of this chunk on which it was measured (nats); ``None`` if it was
        measured on none.
    """

    epoch: int
    words: int
    steps: int
    loss: float | None


class Callback:
    """Base of callbacks; every method does nothing until a subclass says otherwise.

    A method that returns ``True`` stops the run: after the two chunks that have been begun by
    then, or after the epoch. Exceptions end the run and reach the caller. Among many processes
    each calls its own, and one that asks to stop stops all.

    Example:
      >>> class StopAt(Callback):
      ...     def on_chunk_end(self, progress):
      ...         return progress.words > 1_000_000
    """

    def on_chunk_end(self, progress: Progress) -> bool | None:
        """Called after each chunk of the corpus (about a million tokens on a CPU).

        Args:
          progress: where the run is.
        """

    def on_epoch_end(self, wv: WordVectors, metrics: list[Metrics]) -> bool | None:
        """Called after each epoch, when its vectors have been written.

        Args:
          wv: the vectors.
          metrics: the record of each epoch so far, as in ``metrics.jsonl``.
        """

    def on_train_end(self, wv: WordVectors, metrics: list[Metrics]) -> None:
        """Called once when all epochs are done or the run was stopped by a callback or patience.

        Args:
          wv: the vectors.
          metrics: the record of each whole epoch.
        """
