"""The main job: a corpus goes in, a folder of word vectors comes out."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path

import jax
import optax

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.config import Config
from jaxw2v.corpus import Files, builtin, downloads, open_corpus
from jaxw2v.errors import InputError, Interrupted, ProcessLost, TrainingDiverged
from jaxw2v.training.interrupt import deferred_interrupt
from jaxw2v.training.processes import check_same, is_first, lost
from jaxw2v.training.trainer import Metrics, fit
from jaxw2v.vectors import WordVectors
from jaxw2v.vectors.formats import VECTORS

Corpus = Files | str | os.PathLike | Iterable


def train(
    corpus: Corpus | None = None,
    config: Config | None = None,
    *,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
    validation: Corpus | None = None,
    optimizer: optax.GradientTransformation | None = None,
    mesh: str | None = None,
    show_progress: bool = True,
) -> WordVectors:
    """Trains word vectors.

    Args:
      corpus: a path or glob; :class:`jaxw2v.Files`; ``"builtin"``, ``"text8"`` or
        ``"wikitext-103"``; or a re-iterable of strings or of lists of words. ``None`` is
        ``"builtin"``.
      config: the settings; ``None`` takes the defaults.
      out: a folder that receives the vectors, the vocabulary, the settings and
        ``metrics.jsonl``, anew after each epoch; ``None`` writes nothing.
      overwrite: replace vectors that ``out`` already holds.
      validation: held-out text for a validation loss each epoch, given as ``corpus`` is.
      optimizer: any elementwise ``optax.GradientTransformation``, applied as it is; ``None`` is
        Adam with a linear decay. The gradient is that of the loss summed over a step's pairs.
      mesh: devices along ``data`` and ``vocab``: ``4x2`` trains on 4 copies of tables that are
        each cut in 2; ``None`` takes all accelerators and cuts no more than memory demands, or one
        CPU device.
      show_progress: draw progress on standard error.

    Returns:
      The vectors.

    Raises:
      InputError: something that was given cannot be used; nothing has been written.
      TrainingDiverged: the loss is no longer finite; ``out`` holds the last good epoch.
      ProcessLost: another process of the run has ended.
      Interrupted: Ctrl-C or SIGTERM; the message says what ``out`` holds.

    Reference:
      Mikolov et al. 2013b, "Distributed Representations of Words and Phrases and their
      Compositionality".

    Example:
      >>> sentences = [["cat", "chases", "mouse"], ["dog", "chases", "cat"]] * 50
      >>> config = Config(embedding_dim=8, epochs=1, min_count=1)
      >>> wv = train(sentences, config, show_progress=False)
      >>> wv["cat"].shape
      (8,)
    """
    config = config or Config()
    if validation is not None and config.validation_share:
        raise InputError("give a validation corpus or a validation_share, not both")
    # Processes also meet here before each reads its text, which takes some longer than others:
    # gloo waits for 30 s at a first meeting, and without end later.
    check_same({"output folder (some have one, some have not)": str(out is None).encode()})
    folder = None if out is None else Path(out)
    show_progress = show_progress and is_first()
    if folder is not None and is_first():
        _check_folder(folder, overwrite)
    stream = open_corpus(_resolve(corpus, show_progress), config, show_progress=show_progress)
    held_out = None
    if validation is not None:
        held_out = open_corpus(
            _resolve(validation, show_progress),
            config,
            stream.vocabulary,
            show_progress=show_progress,
        )
    finished = 0

    def save(wv: WordVectors, metrics: list[Metrics]) -> None:
        nonlocal finished
        if folder is not None:
            _save(folder, wv, config, metrics)
        finished = len(metrics)

    try:
        # Among many, a process may wait for another without end: SIGTERM ends it at once.
        alone = jax.process_count() == 1
        signals = (signal.SIGINT, signal.SIGTERM) if alone else (signal.SIGINT,)
        with deferred_interrupt(signals) as check_interrupt:

            def after_epoch(wv: WordVectors, metrics: list[Metrics]) -> None:
                save(wv, metrics)
                check_interrupt()

            return fit(
                stream,
                config,
                validation=held_out,
                optimizer=optimizer,
                on_chunk=check_interrupt,
                on_epoch=after_epoch,
                mesh=mesh,
                show_progress=show_progress,
            )
    except TrainingDiverged as error:
        raise TrainingDiverged(f"{error} ({_left(folder, finished)})") from None
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            if jax.process_count() == 1:
                raise
            raise ProcessLost(f"{lost(error)} ({_left(folder, finished)})") from error
        raise InputError(
            "the device is out of memory; give a smaller --embedding-dim, --tokens-per-step, "
            f"--block-length or --max-vocabulary ({_left(folder, finished)})"
        ) from None
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; {_left(folder, finished)}") from None


def _resolve(corpus: Corpus | None, show_progress: bool) -> Corpus:
    if corpus is None:
        return builtin.collect(show_progress)
    if isinstance(corpus, str) and not os.path.exists(corpus):
        if corpus == "builtin":
            return builtin.collect(show_progress)
        if corpus in downloads.DOWNLOADS:
            return downloads.fetch(corpus)
    return corpus


def _check_folder(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; --out needs a folder")
    if (folder / VECTORS).exists() and not overwrite:
        raise InputError(f"{folder}: already holds vectors; choose another --out or --overwrite")
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    try:
        # Permissions do not tell of read-only disks and such: try.
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise InputError(f"{existing}: {error.strerror}; choose another --out") from None


def _save(folder: Path, wv: WordVectors, config: Config, metrics: list[Metrics]) -> None:
    wv.save(folder)
    if not is_first():
        return
    with renamed_when_complete(folder / "config.json") as path:
        path.write_text(config.to_json())
    with renamed_when_complete(folder / "metrics.jsonl") as path:
        path.write_text("".join(json.dumps(record) + "\n" for record in metrics))


def _left(folder: Path | None, finished: int) -> str:
    if finished == 0:
        return "no epoch was finished, so there are no vectors"
    if folder is None:
        return "no folder was given, so nothing was kept"
    return f"{folder} holds the vectors of epoch {finished}"
