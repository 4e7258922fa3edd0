"""What a user's own code may watch and stop while a run goes on."""

from __future__ import annotations

from typing import NamedTuple, NotRequired, TypedDict

from jaxw2v.vectors import WordVectors


class EpochRecord(TypedDict):
    """What is known of an epoch: a line of ``metrics.jsonl``.

    Attributes:
      epoch: the number of the epoch, from 1.
      raw_words: the words of the corpus, before subsampling, unknown ones too.
      steps: optimizer steps of all epochs so far.
      seconds: time of training in this epoch, without compiling and validating.
      words_per_second: raw words in a second.
      loss: mean over the pairs on which it was measured (nats); ``None`` if on none.
      learning_rate: the rate at the end of the epoch; ``None`` with an optimizer of the user's own.
      compile_seconds: what the training program took to compile before the first epoch.
      tokens_per_step: kept tokens in a whole step.
      subsample_threshold: share of the corpus; ``None`` where none is used.
      negatives_per_block: negatives that the tokens of a block share; ``None`` where none are, or
        where an objective of the user's own draws them.
      validation_loss: mean over the pairs of the held-out text (nats); ``None`` if it has none;
        missing if nothing is held out.
      neighbors: the nearest words of each probe word; missing if none were looked for.
    """

    epoch: int
    raw_words: int
    steps: int
    seconds: float
    words_per_second: int
    loss: float | None
    learning_rate: float | None
    compile_seconds: float
    tokens_per_step: int
    subsample_threshold: float | None
    negatives_per_block: int | None
    validation_loss: NotRequired[float | None]
    neighbors: NotRequired[dict[str, list[str]]]


class Progress(NamedTuple):
    """Where a run is after a chunk.

    Attributes:
      epoch: the number of the epoch, from 1.
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

    A method that returns ``True`` stops the run: after the next two chunks, or after the epoch.
    Exceptions end the run and reach the caller. Among many processes each calls its own, and one
    that asks to stop stops all.

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

    def on_epoch_end(self, wv: WordVectors, metrics: list[EpochRecord]) -> bool | None:
        """Called after each epoch, when its vectors have been written.

        Args:
          wv: the vectors.
          metrics: the record of each epoch so far, as in ``metrics.jsonl``.
        """

    def on_train_end(self, wv: WordVectors, metrics: list[EpochRecord]) -> None:
        """Called once when all epochs are done or the run was stopped by a callback or patience.

        Args:
          wv: the vectors.
          metrics: the record of each whole epoch.
        """
