"""Epoch after epoch: vectors, validation, reports, callbacks and checkpoints between them."""

from __future__ import annotations

from collections.abc import Callable

import jax
from tqdm import tqdm

from jaxw2v.errors import InputError, TrainingDiverged
from jaxw2v.freed_memory import give_back_freed_memory
from jaxw2v.progress import tell
from jaxw2v.training.callbacks import EpochRecord
from jaxw2v.training.loop.epoch import Epochs, Wish
from jaxw2v.training.loop.probes import choose_probes
from jaxw2v.training.loop.validation import Validation
from jaxw2v.vectors import WordVectors

NEIGHBORS = 6
"""Of each probe word."""
OnEpoch = Callable[[WordVectors, list[EpochRecord]], None]


def run_epochs(
    epochs: Epochs, validate: Validation | None, on_epoch: OnEpoch, is_resumed: bool
) -> WordVectors:
    """Trains to the end of a run.

    Args:
      epochs: the run, from where it stands.
      validate: measures the validation loss; ``None`` if none is wanted.
      on_epoch: see :func:`~jaxw2v.training.fit.fit`.
      is_resumed: whether the run goes on from a checkpoint.

    Returns:
      The vectors when the run ends.

    Raises:
      TrainingDiverged: a vector or the loss is no longer finite.
      KeyboardInterrupt: the user wants to leave; the run has been saved.
    """
    cursor, bar = epochs.cursor, epochs.bar
    wv = None
    if is_resumed:
        _tell(bar, f"resumed at step {cursor.steps:,}, after {cursor.epoch} epochs")
        if not cursor.chunks:
            wv = _snapshot(epochs)
            on_epoch(wv, list(cursor.metrics))
    wish = _stops(epochs)
    while wish < Wish.STOP:
        wv = None
        bar.set_description(f"epoch {epochs.cursor.epoch + 1}/{epochs.config.epochs}")
        wish, record = epochs.train_epoch()
        if record is not None:
            # The vectors need as much memory as the tables.
            give_back_freed_memory()
            wv = _snapshot(epochs)
            wish = _end_epoch(epochs, wv, record, validate, on_epoch)
    if wish == Wish.LEAVE:
        raise KeyboardInterrupt
    metrics = list(epochs.cursor.metrics)
    if wv is None:
        wv = _snapshot(epochs)
        on_epoch(wv, metrics)
    for callback in epochs.callbacks:
        callback.on_train_end(wv, metrics)
    return wv


def _end_epoch(
    epochs: Epochs,
    wv: WordVectors,
    record: EpochRecord,
    validate: Validation | None,
    on_epoch: OnEpoch,
) -> Wish:
    """Validates, reports and saves after an epoch, and decides whether another one follows."""
    saves = epochs.saves
    if validate is not None:
        record["validation_loss"] = validate()
    if neighbors := _probe(epochs, wv):
        record["neighbors"] = neighbors
    epochs.cursor = epochs.cursor.after(record)
    metrics = list(epochs.cursor.metrics)
    # A save that fails gives its room back before the vectors need it.
    saves.wait()
    saves.forget_old()
    on_epoch(wv, metrics)
    saves.after_epoch(epochs.cursor)
    _report(epochs, record)
    if any([callback.on_epoch_end(wv, metrics) for callback in epochs.callbacks]):
        epochs.wish = Wish.STOP
    wish = Wish(int(epochs.engine.layout.largest(max(epochs.ask(), _stops(epochs)))))
    if wish >= Wish.SAVE:
        saves.save(epochs.cursor)
    return wish


def _stops(epochs: Epochs) -> Wish:
    """Whether the run is at its end, or validation has not got better for too long."""
    config, cursor = epochs.config, epochs.cursor
    if cursor.epoch >= config.epochs:
        return Wish.STOP
    best = cursor.best
    if config.patience is None or best is None:
        return Wish.GO_ON
    if cursor.epoch - best["epoch"] < config.patience:
        return Wish.GO_ON
    kept = ", whose vectors are those of --checkpoint best" if epochs.saves.on else ""
    _tell(
        epochs.bar,
        f"stopped: the validation loss has not fallen since epoch {best['epoch']}{kept}",
    )
    return Wish.STOP


def _snapshot(epochs: Epochs) -> WordVectors:
    try:
        return epochs.engine.word_vectors(epochs.stream.vocabulary)
    except InputError:
        raise TrainingDiverged(
            f"a vector is not finite after epoch {epochs.cursor.epoch + 1}; give a smaller "
            "--learning-rate"
        ) from None


def _probe(epochs: Epochs, wv: WordVectors) -> dict[str, list[str]]:
    """The nearest words of the probe words; of some of the corpus where people watch."""
    words = epochs.config.probe_words
    if not words and jax.process_count() == 1 and not epochs.bar.disable:
        words = choose_probes(wv.vocabulary)
    if not words:
        return {}
    # Every process has its part in a query of sharded vectors.
    answers = wv.most_similar([[word] for word in words], topn=NEIGHBORS)
    return {word: [other for other, _ in near] for word, near in zip(words, answers, strict=True)}


def _report(epochs: Epochs, record: EpochRecord) -> None:
    line = f"epoch {record['epoch']}: {record['words_per_second']:,} words/s"
    for name in ("loss", "validation_loss"):
        if name in record:
            loss = record[name]
            shown = "not measured, no pair" if loss is None else f"{loss:.4f}"
            line += f", {name.replace('_', ' ')} {shown}"
    lines = [line]
    neighbors = record.get("neighbors", {})
    width = max(map(len, neighbors), default=0)
    lines += [f"  {word:{width}}  {', '.join(near)}" for word, near in neighbors.items()]
    _tell(epochs.bar, "\n".join(lines))


def _tell(bar: tqdm, text: str) -> None:
    if not bar.disable:
        tell(text)
