"""The main job: a corpus goes in, a folder of word vectors comes out."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import jax
import optax

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.config import Checkpointing, Config
from jaxw2v.corpus import Files, Known, Phrases, builtin, downloads, open_corpus
from jaxw2v.devices.processes import check_devices, check_same, is_first, is_loss, lost
from jaxw2v.errors import InputError, Interrupted, ProcessLost, TrainingDiverged
from jaxw2v.ownership import refuse_held
from jaxw2v.progress import tell
from jaxw2v.run_folder import (
    CHECKPOINTS,
    METRICS,
    PHRASES,
    SETTINGS,
    check_run_folder,
    had_phrases,
    steps_in,
)
from jaxw2v.training.callbacks import Callback, EpochRecord
from jaxw2v.training.checkpoints.resume import with_its_tokenizer
from jaxw2v.training.fit import fit
from jaxw2v.training.loop.interrupt import deferred_interrupt
from jaxw2v.training.starts.from_run import EarlierRun
from jaxw2v.training.starts.from_vectors import found_words, from_vectors, load_given
from jaxw2v.vectors import WordVectors

# What JAX says on accelerators, and on a CPU.
OUT_OF_MEMORY = "RESOURCE_EXHAUSTED", "Out of memory", "std::bad_alloc"
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
        found there start from them, and stay as they are with ``config.freeze_loaded``. Rows of
        the file that cannot be used are left out, with a warning; but not in word2vec's binary
        format, which is refused with them.
      continue_from: folder of a run whose tables and optimizer are trained on, on this text. Old
        words keep their ids, new ones are appended; phrases are those of the run, and so are the
        settings that ``config`` leaves at their defaults, but for how long and how fast.
      keep_vocabulary: append no words to those of ``continue_from``.
      checkpointing: when checkpoints are saved; ``None`` takes the defaults.
      callbacks: see :class:`jaxw2v.Callback`.
      validation: held-out text for a validation loss each epoch, given as ``corpus`` is.
      optimizer: any elementwise ``optax.GradientTransformation``, applied as it is; ``None`` is
        Adam's second moment, one number a row, with a linear decay. The gradient is that of the
        loss summed over a step's pairs.
      mesh: devices along ``data`` and ``vocab``: ``4x2`` trains on 4 copies of tables that are
        each cut in 2; ``None`` takes all accelerators and cuts no more than memory demands, or one
        CPU device.
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
      >>> sentences = [["cat", "chases", "mouse"], ["dog", "chases", "cat"]] * 50
      >>> config = Config(embedding_dim=8, epochs=1, min_count=1)
      >>> wv = train(sentences, config, show_progress=False)
      >>> wv["cat"].shape
      (8,)
    """
    config = config or Config()
    check_devices()
    if validation is not None and config.validation_share:
        raise InputError("give a validation corpus or a validation_share, not both")
    if keep_vocabulary and continue_from is None:
        raise InputError("keep_vocabulary has an effect with continue_from only; give that too")
    if init_from is not None and continue_from is not None:
        raise InputError("give init_from or continue_from, not both")
    if config.freeze_loaded and init_from is None:
        raise InputError("freeze_loaded has an effect with init_from only; give that too")
    if None not in (out, continue_from) and os.path.realpath(out) == os.path.realpath(
        continue_from
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
    folder = None if out is None else Path(out).expanduser()
    show_progress = show_progress and is_first()
    if folder is not None and is_first():
        _check_folder(folder, overwrite, resume)
    if resume and folder is None:
        raise InputError("resume needs the folder of the run; give out")
    if resume:
        config = with_its_tokenizer(folder, config)
    earlier = known = None
    if continue_from is not None:
        earlier = EarlierRun(continue_from)
        config, known = earlier.settle(config), earlier.known(keep_vocabulary)
    elif init_from is not None:
        init_from = load_given(init_from, config.embedding_dim, show_progress)
    stream = open_corpus(
        _resolve(corpus, show_progress), config, known, show_progress=show_progress
    )
    config = dataclasses.replace(config, **stream.settings)
    start = None
    if earlier is not None:
        start = earlier.start()
        _tell(show_progress, earlier.report(stream.vocabulary))
    elif init_from is not None:
        start = from_vectors(init_from, stream.vocabulary, config.freeze_loaded)
        _tell(show_progress, found_words(start, stream.vocabulary))
    held_out = None
    if validation is not None:
        held_out = open_corpus(
            _resolve(validation, show_progress),
            config,
            Known(stream.vocabulary, stream.phrases),
            show_progress=show_progress,
        )
    finished = 0
    if resume and (folder / METRICS).exists():
        finished = (folder / METRICS).read_bytes().count(b"\n")

    def save(wv: WordVectors, metrics: list[EpochRecord]) -> None:
        nonlocal finished
        if folder is not None:
            _save(folder, wv, stream.phrases, config, metrics)
        finished = len(metrics)

    try:
        with deferred_interrupt() as interrupted:
            return fit(
                stream,
                config,
                validation=held_out,
                optimizer=optimizer,
                callbacks=callbacks,
                start=start,
                folder=folder,
                overwrite=overwrite,
                checkpointing=checkpointing,
                resume=resume,
                on_epoch=save,
                interrupted=interrupted,
                mesh=mesh,
                show_progress=show_progress,
            )
    except TrainingDiverged as error:
        raise TrainingDiverged(f"{error} ({_left(folder, finished)})") from None
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        if not any(sign in str(error) for sign in OUT_OF_MEMORY):
            if not is_loss(error):
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


def _save(
    folder: Path, wv: WordVectors, phrases: Phrases, config: Config, metrics: list[EpochRecord]
) -> None:
    wv.save(folder)
    if not is_first():
        return
    if not config.phrase_passes and had_phrases(folder):
        (folder / PHRASES).unlink(missing_ok=True)
    # First the settings, which say that the phrases are ours.
    with renamed_when_complete(folder / SETTINGS) as path:
        path.write_text(config.to_json())
    if config.phrase_passes:
        with renamed_when_complete(folder / PHRASES) as path:
            phrases.save(path)
    with renamed_when_complete(folder / METRICS) as path:
        path.write_text("".join(json.dumps(record) + "\n" for record in metrics))


def _tell(show_progress: bool, text: str) -> None:
    if show_progress:
        tell(text)


def _left(folder: Path | None, finished: int) -> str:
    if folder is None:
        return "no folder was given, so nothing was kept"
    left = f"{folder} holds the vectors of epoch {finished}"
    if finished == 0:
        left = "no epoch was finished, so there are no vectors"
    steps = steps_in(folder / CHECKPOINTS)
    if steps:
        left += f"; --resume goes on from step {steps[0]:,}"
    return left
