"""The training loop: epochs of chunks, with progress, validation and a snapshot each epoch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import optax
from tqdm import tqdm

from jaxw2v.config import Checkpointing, Config
from jaxw2v.corpus import TokenStream
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import choose_mesh, memory_of
from jaxw2v.devices.processes import smallest
from jaxw2v.devices.scatter_fault import check_this_machine
from jaxw2v.errors import InputError, TrainingDiverged
from jaxw2v.progress import progress_bar, tell
from jaxw2v.run_folder import CHECKPOINTS
from jaxw2v.training.callbacks import Callback, EpochRecord
from jaxw2v.training.checkpoints.cursor import Position
from jaxw2v.training.checkpoints.folder_lock import writing_to
from jaxw2v.training.checkpoints.identity import RunIdentity
from jaxw2v.training.checkpoints.resume import SavedRun
from jaxw2v.training.checkpoints.stored_state import from_arrays, stored_shapes
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.epoch import Epochs, Wish
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.loop.saves import Saves
from jaxw2v.training.loop.validation import Validation, hold_out
from jaxw2v.training.setup.footprint import INT
from jaxw2v.training.setup.job import Job, lay_out, make_job
from jaxw2v.training.setup.sizes import Sizes
from jaxw2v.training.starts.start import Start
from jaxw2v.training.step.state import new_state
from jaxw2v.vectors import WordVectors

OnEpoch = Callable[[WordVectors, list[EpochRecord]], None]


def fit(
    stream: TokenStream,
    config: Config,
    *,
    validation: TokenStream | None = None,
    optimizer: optax.GradientTransformation | None = None,
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
      optimizer: any elementwise Optax transformation, applied as it is to the gradient of the
        loss summed over a step's pairs; ``None`` is
        :func:`~jaxw2v.training.setup.optimizer.default_optimizer` with a linear decay.
      callbacks: see :class:`~jaxw2v.training.callbacks.Callback`.
      start: what the tables start from; ``None`` is chance.
      folder: receives checkpoints; ``None`` saves none. What is not a run of ours there stays as
        it is, or the folder is refused.
      overwrite: replace a run that ``folder`` holds.
      checkpointing: when they are saved; ``None`` takes the defaults.
      resume: go on from the newest sound checkpoint of ``folder``, if it has one.
      on_epoch: called with the vectors so far and all metrics so far after each epoch, and when a
        run is resumed after one or stopped in the middle of one.
      interrupted: asked after each chunk and epoch; if true, the run ends.
      mesh: devices along ``data`` and ``vocab``, such as ``4x2``; ``None`` chooses.
      resident: keep the token stream on the devices, or read it from disk in each epoch, with the
        same results; ``None`` keeps it on accelerators that have room for it.
      show_progress: draw a progress line on standard error.

    Returns:
      The vectors when the run ends.

    Raises:
      InputError: nothing can be trained on this stream with these settings; or ``folder`` holds
        another run, or files that are not ours where a run writes; or another process writes there.
      TrainingDiverged: the loss is no longer finite.
      KeyboardInterrupt: ``interrupted`` was true; the run has been saved if it saves at all.
    """
    identity = RunIdentity.of(config, stream, validation, optimizer, start and start.facts)
    identity.check_processes(mesh)
    _check_pairs(stream, config)
    for word in config.probe_words:
        if word not in stream.vocabulary:
            raise InputError(f"probe {stream.vocabulary.missing(word)}")
    if config.patience is not None and validation is None and not config.validation_share:
        raise InputError(
            f"patience is {config.patience} and no validation loss is measured; give a "
            "validation text or a validation_share"
        )
    if resume and folder is None:
        raise InputError("resume needs the folder of the run; give folder")
    if validation is not None and validation.vocabulary.words != stream.vocabulary.words:
        raise InputError(
            "validation was encoded with another vocabulary; encode it with that of the stream"
        )
    with writing_to(folder, overwrite, resume):
        return _fit(
            stream,
            config,
            validation=validation,
            optimizer=optimizer,
            callbacks=callbacks,
            start=start,
            folder=folder,
            checkpointing=checkpointing,
            resume=resume,
            on_epoch=on_epoch,
            interrupted=interrupted,
            mesh=mesh,
            resident=resident,
            show_progress=show_progress,
            identity=identity,
        )


def _fit(
    stream: TokenStream,
    config: Config,
    *,
    validation: TokenStream | None,
    optimizer: optax.GradientTransformation | None,
    callbacks: Sequence[Callback],
    start: Start | None,
    folder: Path | None,
    checkpointing: Checkpointing | None,
    resume: bool,
    on_epoch: OnEpoch,
    interrupted: Callable[[], bool],
    mesh: str | None,
    resident: bool | None,
    show_progress: bool,
    identity: RunIdentity,
) -> WordVectors:
    device = jax.local_devices()[0]
    check_this_machine(device)

    saved = SavedRun(folder) if resume and folder is not None else None
    sizes = None
    if saved is not None:
        saved.check(identity, config.epochs)
    if saved is not None and saved.record is not None:
        sizes = Sizes(**saved.record["sizes"])

    on_cpu = device.platform == "cpu"
    is_continued = start is not None and start.is_continued
    job = make_job(config, stream.vocabulary.counts, optimizer, on_cpu, sizes, is_continued)
    can_cut = not job.objective.output_layer.reads_every_row
    mesh = choose_mesh(
        mesh, job.plan.blocks_per_step, lambda shape: job.footprint(shape).peak, can_cut
    )
    layout = lay_out(job, mesh, on_cpu)
    held_out = None
    if validation is None and config.validation_share:
        held_out, validation = hold_out(stream, config)
    position, first_state = Position(), None
    if sizes is not None:
        arrays, position = saved.load(stored_shapes(job, layout))
        first_state = from_arrays(arrays, job, layout)
    elif start is not None:
        state, key = new_state(job, layout)
        first_state = start.change(state, job, layout), key
    engine = Engine(job, layout, first_state)
    validate = None if validation is None else Validation(engine, validation)
    if resident is None:
        resident = not on_cpu and _fits(job, layout, len(stream))
    feed = Feed(stream, job.plan.chunk_tokens, layout, held_out, resident)
    saves = Saves(
        folder and folder / CHECKPOINTS,
        stream,
        checkpointing or Checkpointing(),
        engine,
        {"facts": identity.to_json(), "sizes": dataclasses.asdict(job.plan.sizes)},
        last=None if sizes is None else position.steps,
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
        epochs = Epochs(stream, engine, feed, saves, callbacks, interrupted, bar, position)
        wv = None
        if sizes is not None:
            _tell(bar, f"resumed at step {position.steps:,}, after {position.epoch} epochs")
            if not position.chunks:
                wv = _snapshot(epochs)
                on_epoch(wv, list(position.metrics))
        wish = _stops(epochs, bar)
        while wish < Wish.STOP:
            wv = None
            bar.set_description(f"epoch {epochs.position.epoch + 1}/{config.epochs}")
            wish, record = epochs.train_epoch()
            if wish >= Wish.STOP:
                break
            wv = _snapshot(epochs)
            if validate is not None:
                record["validation_loss"] = validate()
            epochs.position = epochs.position.after(record)
            metrics = list(epochs.position.metrics)
            # A save that fails gives its room back before the vectors need it.
            saves.wait()
            saves.forget_old()
            on_epoch(wv, metrics)
            saves.after_epoch(epochs.position)
            _report(bar, wv, record, config.probe_words)
            if any([callback.on_epoch_end(wv, metrics) for callback in callbacks]):
                epochs.wish = Wish.STOP
            wish = Wish(int(layout.largest(max(epochs.ask(), _stops(epochs, bar)))))
            if wish >= Wish.SAVE:
                saves.save(epochs.position)
        if wish == Wish.LEAVE:
            raise KeyboardInterrupt
        if wv is None:
            wv = _snapshot(epochs)
            on_epoch(wv, list(epochs.position.metrics))
        for callback in callbacks:
            callback.on_train_end(wv, list(epochs.position.metrics))
    return wv


def _check_pairs(stream: TokenStream, config: Config) -> None:
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


def _fits(job: Job, layout: Layout, tokens: int) -> bool:
    """Whether ids and sentences of all tokens fit beside all else, with a tenth to spare."""
    shape = (1, 1) if layout.mesh is None else tuple(layout.mesh.shape.values())
    needed = job.footprint(shape).peak + 2 * INT * tokens / layout.num_devices
    return needed <= 0.9 * smallest(memory_of(jax.local_devices()[0]))


def _stops(epochs: Epochs, bar: tqdm) -> Wish:
    """Whether the run is at its end, or validation has not got better for too long."""
    config, position = epochs.engine.job.config, epochs.position
    if position.epoch >= config.epochs:
        return Wish.STOP
    best = position.best
    if config.patience is None or best is None:
        return Wish.GO_ON
    if position.epoch - best["epoch"] < config.patience:
        return Wish.GO_ON
    kept = ", whose vectors are those of --checkpoint best" if epochs.saves.on else ""
    _tell(bar, f"stopped: the validation loss has not fallen since epoch {best['epoch']}{kept}")
    return Wish.STOP


def _snapshot(epochs: Epochs) -> WordVectors:
    tables = epochs.engine.tables()
    try:
        return WordVectors(epochs.stream.vocabulary, *tables)
    except InputError:
        raise TrainingDiverged(
            f"a vector is not finite after epoch {epochs.position.epoch + 1}; give a smaller "
            "--learning-rate"
        ) from None


def _report(bar: tqdm, wv: WordVectors, record: EpochRecord, probe_words: tuple[str, ...]) -> None:
    if bar.disable and jax.process_count() == 1:
        return
    line = f"epoch {record['epoch']}: {record['words_per_second']:,} words/s"
    for name in ("loss", "validation_loss"):
        if name in record:
            loss = record[name]
            shown = "not measured, no pair" if loss is None else f"{loss:.4f}"
            line += f", {name.replace('_', ' ')} {shown}"
    lines = [line]
    if probe_words:
        width = max(map(len, probe_words))
        answers = wv.most_similar([[word] for word in probe_words], topn=6)
        for word, near in zip(probe_words, answers, strict=True):
            lines.append(f"  {word:{width}}  {', '.join(other for other, _ in near)}")
    _tell(bar, "\n".join(lines))


def _tell(bar: tqdm, text: str) -> None:
    if not bar.disable:
        tell(text)
