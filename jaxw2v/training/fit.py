"""Trains on a token stream: decides, lays out, resumes or starts, and hands over to the loop."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import optax

from jaxw2v.config import Checkpointing, Config
from jaxw2v.corpus import TokenStream
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import Shape, choose_mesh, memory_of
from jaxw2v.devices.processes import smallest
from jaxw2v.errors import InputError
from jaxw2v.progress import progress_bar
from jaxw2v.run_folder import CHECKPOINTS
from jaxw2v.training.arguments import check_arguments
from jaxw2v.training.callbacks import Callback
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.checkpoints.folder_lock import writing_to
from jaxw2v.training.checkpoints.identity import RunIdentity
from jaxw2v.training.checkpoints.resume import SavedRun
from jaxw2v.training.checkpoints.stored_state import from_arrays, stored_shapes
from jaxw2v.training.checkpoints.writer import check_path
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.epoch import Epochs
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.loop.run_epochs import OnEpoch, run_epochs
from jaxw2v.training.loop.saves import Saves
from jaxw2v.training.loop.validation import Validation, hold_out
from jaxw2v.training.objectives import Objective
from jaxw2v.training.setup.footprint import INT
from jaxw2v.training.setup.job import Job, make_job
from jaxw2v.training.setup.layouts import lay_out, meshes
from jaxw2v.training.setup.sizes import Sizes
from jaxw2v.training.starts.start import Start
from jaxw2v.training.step.state import TrainState, place_initial_state
from jaxw2v.vectors import WordVectors


def fit(
    stream: TokenStream,
    config: Config,
    *,
    validation: TokenStream | None = None,
    optimizer: optax.GradientTransformation | None = None,
    objective: Objective | None = None,
    callbacks: Sequence[Callback] = (),
    start: Start | None = None,
    folder: Path | None = None,
    overwrite: bool = False,
    checkpointing: Checkpointing | None = None,
    resume: bool = False,
    on_epoch: OnEpoch = lambda wv, metrics: None,
    interrupted: Callable[[], bool] = lambda: False,
    mesh: str | None = None,
    resident: bool | None = None,
    show_progress: bool = True,
) -> WordVectors:
    """Trains word vectors on a token stream.

    Args:
      stream: the corpus.
      config: the settings.
      validation: held-out text with the same vocabulary; ``None`` holds out
        ``config.validation_share`` of the sentences.
      optimizer: an Optax transformation, applied as it is to the gradient of the loss summed over a
        step's pairs, to whole tables if it moves a row by what other rows do; ``None`` is
        :func:`~jaxw2v.training.default_optimizer` with a linear decay.
      objective: an :class:`~jaxw2v.training.objectives.Objective` of the user's own, in place of
        that of the settings.
      callbacks: see :class:`~jaxw2v.training.callbacks.Callback`.
      start: what the tables start from; ``None`` initialises them randomly.
      folder: receives checkpoints; ``None`` saves none. What is not a run of ours there stays as
        it is, or the folder is refused.
      overwrite: replace a run that ``folder`` holds.
      checkpointing: when they are saved; ``None`` takes the defaults.
      resume: go on from the newest sound checkpoint of ``folder``, if it has one.
      on_epoch: called with the vectors so far and all metrics so far after each epoch, and when a
        run is resumed after one or stopped in the middle of one.
      interrupted: asked after each chunk and epoch; if true, the run ends.
      mesh: devices along ``data``, ``vocab`` and ``dim``, such as ``4x2`` or ``1x1x8``;
        ``None`` chooses.
      resident: keep the token stream on the devices, or read it from disk in each epoch, with the
        same results; ``None`` keeps it on accelerators that have room for it.
      show_progress: draw a progress line on standard error.

    Returns:
      The vectors when the run ends.

    Raises:
      InputError: nothing can be trained on this stream with these settings; or ``folder`` holds
        another run, or files that are not ours where a run writes; or another process writes there;
        or checkpoints could not be read again under its path.
      TrainingDiverged: the loss is no longer finite.
      KeyboardInterrupt: ``interrupted`` was true; the run has been saved if it saves at all.
    """
    check_arguments(config, optimizer, objective, callbacks, mesh, checkpointing)
    facts = None if start is None else start.facts
    identity = RunIdentity.of(config, stream, validation, optimizer, facts, objective)
    identity.check_processes(mesh)
    _check_input(stream, config, validation)
    if resume and folder is None:
        raise InputError("resume needs the folder of the run; give folder")
    checkpointing = checkpointing or Checkpointing()
    if folder is not None and checkpointing.keep_checkpoints > 0:
        check_path(folder)
    with writing_to(folder, overwrite, resume):
        saved = SavedRun(folder) if resume and folder is not None else None
        if saved is not None:
            saved.check(identity, config.epochs)
        sizes = None if saved is None else saved.sizes
        job, layout = _decide(stream, config, optimizer, sizes, start, mesh, objective)
        held_out = None
        if validation is None and config.validation_share:
            held_out, validation = hold_out(stream, config)
        cursor, first_state = _resume_or_start(saved if sizes else None, start, job, layout)
        engine = Engine(job, layout, first_state)
        del first_state
        validate = None if validation is None else Validation(engine, validation)
        if resident is None:
            resident = _fits(job, layout, len(stream))
        feed = Feed(stream, job.plan.chunk_tokens, layout, held_out, resident)
        saves = Saves(
            folder and folder / CHECKPOINTS,
            stream,
            checkpointing,
            engine,
            {
                "facts": identity.to_json(),
                "sizes": dataclasses.asdict(job.plan.sizes),
                "rows_are_words": job.objective.output_layer.rows_are_words,
            },
            last=None if sizes is None else cursor.steps,
        )
        with (
            progress_bar(
                total=config.epochs * stream.raw_words,
                unit=" words",
                unit_scale=True,
                show=show_progress,
            ) as bar,
            saves,
        ):
            epochs = Epochs(stream, engine, feed, saves, callbacks, interrupted, bar, cursor)
            return run_epochs(epochs, validate, on_epoch, is_resumed=sizes is not None)


def _check_input(stream: TokenStream, config: Config, validation: TokenStream | None) -> None:
    longest = stream.longest_sentence
    if longest < 2 or len(stream.vocabulary) < 2:
        raise InputError(
            "no pair can be formed: no sentence holds two words of the vocabulary of "
            f"{len(stream.vocabulary)} words; give more text or a smaller --min-count"
        )
    needed = 1 + config.window * (2 if config.context_side == "both" else 1)
    if config.require_full_window and config.window_sampling == "fixed" and longest < needed:
        raise InputError(
            f"no window is full: the longest sentence has {longest} words of the vocabulary and a "
            f"full window needs {needed}; give a smaller --window or longer sentences"
        )
    for word in config.probe_words:
        if word not in stream.vocabulary:
            raise InputError(f"probe {stream.vocabulary.missing(word)}")
    if config.patience is not None and validation is None and not config.validation_share:
        raise InputError(
            f"patience is {config.patience} and no validation loss is measured; give a "
            "validation text or a validation_share"
        )
    if validation is not None and validation.vocabulary.words != stream.vocabulary.words:
        raise InputError(
            "validation was encoded with another vocabulary; encode it with that of the stream"
        )


def _decide(
    stream: TokenStream,
    config: Config,
    optimizer: optax.GradientTransformation | None,
    sizes: Sizes | None,
    start: Start | None,
    mesh: str | None,
    objective: Objective | None,
) -> tuple[Job, Layout]:
    """What the run does, and on which devices."""
    on_cpu = jax.local_devices()[0].platform == "cpu"
    is_continued = start is not None and start.is_continued
    vocabulary = stream.vocabulary
    job = make_job(
        config,
        vocabulary.counts,
        optimizer,
        on_cpu,
        sizes,
        is_continued,
        objective,
        vocabulary.words,
    )

    def needed(shape: Shape) -> int:
        footprint = job.footprint(shape)
        return footprint.peak_on_cpu if on_cpu else footprint.peak

    # On a CPU runs on one mesh and another have the same bits, but for the sums over columns.
    chosen = choose_mesh(
        mesh,
        job.plan.blocks_per_step,
        needed,
        functools.partial(meshes, job, by_columns=not on_cpu),
    )
    return job, lay_out(job, chosen, on_cpu)


def _resume_or_start(
    saved: SavedRun | None, start: Start | None, job: Job, layout: Layout
) -> tuple[Cursor, tuple[TrainState, jax.Array] | None]:
    """Where the run goes on from, with state and key; ``None`` makes those of a new run."""
    if saved is not None:
        arrays, cursor = saved.load(stored_shapes(job, layout))
        return cursor, from_arrays(arrays, job, layout)
    if start is None:
        return Cursor(), None
    state, key = place_initial_state(job, layout)
    return Cursor(), (start.change(state, job, layout), key)


def _fits(job: Job, layout: Layout, tokens: int) -> bool:
    """Whether ids and sentences of all tokens fit beside all else, with a tenth to spare.

    A CPU reads them from disk as fast.
    """
    device = jax.local_devices()[0]
    if device.platform == "cpu":
        return False
    needed = job.footprint(layout.shape).peak + 2 * INT * tokens / layout.num_takers
    return needed <= 0.9 * smallest(memory_of(device))
