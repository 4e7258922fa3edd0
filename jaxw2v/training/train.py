"""The main job: a corpus goes in, a folder of word vectors comes out."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import optax

from jaxw2v.config import Checkpointing, Config
from jaxw2v.corpus import Files, Known, TokenStream, builtin, downloads, open_corpus
from jaxw2v.devices.processes import check_devices, check_same, is_first
from jaxw2v.errors import InputError
from jaxw2v.ownership import refuse_held
from jaxw2v.progress import tell
from jaxw2v.run_folder import check_run_folder
from jaxw2v.training.arguments import check_arguments
from jaxw2v.training.callbacks import Callback
from jaxw2v.training.checkpoints.results import Results
from jaxw2v.training.checkpoints.resume import with_its_tokenizer
from jaxw2v.training.fit import fit
from jaxw2v.training.loop.interrupt import deferred_interrupt
from jaxw2v.training.objectives import Objective
from jaxw2v.training.objectives.own_objective import check_settings
from jaxw2v.training.starts.from_run import EarlierRun
from jaxw2v.training.starts.from_vectors import found_words, from_vectors, load_given
from jaxw2v.training.starts.start import Start
from jaxw2v.vectors import WordVectors

Corpus = Files | str | os.PathLike | Iterable


def train(
    corpus: Corpus | None = None,
    config: Config | None = None,
    *,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
    resume: bool = False,
    init_from: WordVectors | str | os.PathLike | None = None,
    continue_from: str | os.PathLike | None = None,
    keep_vocabulary: bool = False,
    checkpointing: Checkpointing | None = None,
    callbacks: Sequence[Callback] = (),
    validation: Corpus | None = None,
    optimizer: optax.GradientTransformation | None = None,
    objective: Objective | None = None,
    mesh: str | None = None,
    show_progress: bool = True,
) -> WordVectors:
    """Trains word vectors.

    Args:
      corpus: a path or glob; :class:`jaxw2v.Files`; ``"builtin"``, ``"text8"`` or
        ``"wikitext-103"``; a folder that ``jaxw2v encode`` made; or a re-iterable of strings or of
        lists of words. ``None`` is ``"builtin"``.
      config: the settings; ``None`` takes the defaults.
      out: a folder that receives the vectors, the vocabulary, the settings and
        ``metrics.jsonl``, anew after each epoch, and checkpoints; ``None`` writes nothing.
      overwrite: replace a run that ``out`` already holds.
      resume: go on from the newest checkpoint in ``out``, on any mesh; start if there is none. The
        run must be the same but for ``epochs``, ``patience`` and ``probe_words``. On a CPU the
        vectors are those of a run that was never interrupted, bit for bit; more epochs than were
        asked for at first continue at the learning rate that the longer run has there.
      init_from: vectors, or whatever :meth:`jaxw2v.WordVectors.load` takes: input rows of words
        found there start from them, and stay as they are with ``config.freeze_loaded``; with
        ``config.subwords`` their own rows do, beside those of n-grams. Rows of
        the file that cannot be used are left out, with a warning; but not in word2vec's binary
        format, which is refused with them.
      continue_from: folder of a run; its tables and optimizer state are trained further, with this
        text. Old words keep their ids, new ones are appended; phrases are those of the run, and so
        are the settings that ``config`` leaves at their defaults, but for those of files and
        vocabulary size, length, rate, tokens a step, seed, determinism, frozen rows, validation and
        probe words.
      keep_vocabulary: append no words to those of ``continue_from``.
      checkpointing: when checkpoints are saved; ``None`` takes the defaults.
      callbacks: see :class:`jaxw2v.Callback`.
      validation: held-out text for a validation loss each epoch, given as ``corpus`` is.
      optimizer: an ``optax.GradientTransformation``, applied as it is; one that moves a row by what
        other rows do moves whole tables (``config.row_updates``). ``None`` is Adam's second moment,
        one number a row, with a linear decay. The gradient is that of the loss summed over a step's
        pairs.
      objective: an :class:`~jaxw2v.training.objectives.Objective` of the user's own, in place of
        that of the settings: an input layer, an output layer and windows.
      mesh: devices along ``data``, ``vocab`` and ``dim``: ``4x2`` trains on 4 copies of tables
        whose rows are shared out in 2, ``1x1x8`` on one whose columns are in 8; ``None`` takes all
        accelerators, so that the fewest bytes travel, or one CPU device.
      show_progress: draw progress on standard error.

    Returns:
      The vectors.

    Raises:
      InputError: something that was given cannot be used.
      TrainingDiverged: the loss is no longer finite; ``out`` holds the last good epoch.
      ProcessLost: another process of the run has ended.
      Interrupted: Ctrl-C or SIGTERM; a checkpoint has been saved if any are; the message says
        what ``out`` holds.

    Reference:
      Mikolov et al. 2013b, "Distributed Representations of Words and Phrases and their
      Compositionality".

    Example:
      >>> sentences = [["cat", "chases", "mouse"], ["dog", "chases", "cat"]] * 500
      >>> config = Config(embedding_dim=8, epochs=1, min_count=1)
      >>> wv = train(sentences, config, show_progress=False)
      >>> wv["cat"].shape
      (8,)
    """
    check_arguments(config, optimizer, objective, callbacks, mesh, checkpointing)
    config = config or Config()
    check_settings(objective, config)
    check_devices()
    _check_together(config, init_from, continue_from, keep_vocabulary, validation)
    if (
        out is not None
        and continue_from is not None
        and os.path.realpath(out) == os.path.realpath(continue_from)
    ):
        raise InputError(f"{out}: is the run that is continued; choose another --out")
    # Processes also meet here before each reads its text, which takes some longer than others:
    # gloo waits for 30 s at a first meeting, and without end later.
    check_same(
        {
            "output folder (some have one, some have not)": str(out is None).encode(),
            "resuming and checkpoints": repr((resume, checkpointing)).encode(),
        }
    )
    if out is not None and not os.fspath(out):
        raise InputError("out is empty; name a folder")
    folder = None if out is None else Path(out).expanduser()
    show_progress = show_progress and is_first()
    if folder is not None and is_first():
        _check_folder(folder, overwrite, resume)
    if resume:
        if folder is None:
            raise InputError("resume needs the folder of the run; give out")
        config = with_its_tokenizer(folder, config)
    stream, config, start = _open(
        corpus, config, init_from, continue_from, keep_vocabulary, objective, show_progress
    )
    held_out = None
    if validation is not None:
        known = Known(stream.vocabulary, stream.phrases)
        try:
            held_out = _open_corpus(validation, config, known, show_progress)
        except InputError as error:
            raise InputError(f"validation: {error}") from None
    results = Results(folder, config, stream.phrases, resume)
    with results.named_in_errors(), deferred_interrupt() as interrupted:
        return fit(
            stream,
            config,
            validation=held_out,
            optimizer=optimizer,
            objective=objective,
            callbacks=callbacks,
            start=start,
            folder=folder,
            overwrite=overwrite,
            checkpointing=checkpointing,
            resume=resume,
            on_epoch=results.save,
            interrupted=interrupted,
            mesh=mesh,
            show_progress=show_progress,
        )


def _check_together(
    config: Config,
    init_from: object | None,
    continue_from: object | None,
    keep_vocabulary: bool,
    validation: object | None,
) -> None:
    if validation is not None and config.validation_share:
        raise InputError("give a validation corpus or a validation_share, not both")
    if keep_vocabulary and continue_from is None:
        raise InputError("keep_vocabulary has an effect with continue_from only; give that too")
    if init_from is not None and continue_from is not None:
        raise InputError("give init_from or continue_from, not both")
    if config.freeze_loaded and init_from is None:
        raise InputError("freeze_loaded has an effect with init_from only; give that too")


def _check_folder(folder: Path, overwrite: bool, resume: bool) -> None:
    check_run_folder(folder, overwrite, resume)
    refuse_held(folder)
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    try:
        # Permissions do not tell of read-only disks and such: try.
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise InputError(f"{existing}: {error.strerror}; choose another --out") from None


def _open(
    corpus: Corpus | None,
    config: Config,
    init_from: WordVectors | str | os.PathLike | None,
    continue_from: str | os.PathLike | None,
    keep_vocabulary: bool,
    objective: Objective | None,
    show_progress: bool,
) -> tuple[TokenStream, Config, Start | None]:
    """The corpus, the settings that hold for it, and what the tables start from."""
    earlier = known = given = start = None
    report = ""
    if continue_from is not None:
        earlier = EarlierRun(continue_from)
        if earlier.layers and objective is None:
            raise InputError(
                f"{continue_from}: was trained with an objective of the user's own, "
                f"{earlier.layers}; give one as objective"
            )
        config, known = earlier.settle(config), earlier.known(keep_vocabulary)
    elif init_from is not None:
        given = load_given(init_from, config.embedding_dim, show_progress)
    stream = _open_corpus(corpus, config, known, show_progress)
    config = dataclasses.replace(config, **stream.settings)
    if earlier is not None:
        start, report = earlier.start(), earlier.report(stream.vocabulary)
    elif given is not None:
        start = from_vectors(given, stream.vocabulary, config.freeze_loaded)
        report = found_words(start, stream.vocabulary)
    if report and show_progress:
        tell(report)
    return stream, config, start


def _open_corpus(
    corpus: Corpus | None, config: Config, known: Known | None, show_progress: bool
) -> TokenStream:
    is_name = isinstance(corpus, str) and not os.path.exists(corpus)
    if corpus is None or (is_name and corpus == "builtin"):
        corpus = builtin.collect(show_progress)
    elif is_name and corpus in downloads.DOWNLOADS:
        corpus = downloads.fetch(corpus)
    return open_corpus(corpus, config, known, show_progress=show_progress)
