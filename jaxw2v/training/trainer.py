"""The training loop: epochs of chunks, with progress, validation and a snapshot each epoch."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax
from tqdm import tqdm

from jaxw2v.config import Config
from jaxw2v.corpus import TokenStream
from jaxw2v.errors import InputError, TrainingDiverged
from jaxw2v.training.engine import Engine
from jaxw2v.training.feed import Feed
from jaxw2v.training.job import lay_out, make_job
from jaxw2v.training.mesh import choose_mesh
from jaxw2v.training.processes import check_agreement
from jaxw2v.training.scatter_fault import check_this_machine
from jaxw2v.training.step import Loss
from jaxw2v.vectors import WordVectors

Metrics = dict[str, Any]
OnEpoch = Callable[[WordVectors, list[Metrics]], None]


def fit(
    stream: TokenStream,
    config: Config,
    *,
    validation: TokenStream | None = None,
    optimizer: optax.GradientTransformation | None = None,
    on_chunk: Callable[[], None] = lambda: None,
    on_epoch: OnEpoch = lambda wv, metrics: None,
    mesh: str | None = None,
    show_progress: bool = True,
) -> WordVectors:
    """Trains word vectors on a token stream.

    Args:
      stream: the corpus.
      config: the settings.
      validation: held-out text with the same vocabulary; ``None`` holds out
        ``config.validation_share`` of the sentences.
      optimizer: any elementwise Optax transformation, applied as it is to the gradient of the
        loss summed over a step's pairs; ``None`` is Adam with a linear decay.
      on_chunk: called after each chunk of the corpus; may raise to stop.
      on_epoch: called after each epoch with the vectors so far and all metrics so far.
      mesh: devices along ``data`` and ``vocab``, such as ``4x2``; ``None`` chooses.
      show_progress: draw a progress line on standard error.

    Returns:
      The vectors after the last epoch.

    Raises:
      InputError: nothing can be trained on this stream with these settings.
      TrainingDiverged: the loss is no longer finite.
    """
    check_agreement(config, mesh, stream, validation, optimizer)
    _check_pairs(stream, config)
    for word in config.probe_words:
        if word not in stream.vocabulary:
            raise InputError(f"probe {stream.vocabulary.missing(word)}")
    device = jax.local_devices()[0]
    check_this_machine(device)

    on_cpu = device.platform == "cpu"
    job = make_job(config, stream.vocabulary.counts, optimizer, on_cpu)
    can_cut = not job.objective.output_layer.reads_every_row
    mesh = choose_mesh(
        mesh, job.plan.blocks_per_step, lambda shape: job.footprint(shape).peak, can_cut
    )
    layout = lay_out(job, mesh, on_cpu)
    held_out = None
    if validation is None and config.validation_share:
        held_out, validation = _hold_out(stream, config)
    engine = Engine(job, layout)
    run = _Run(stream, engine, Feed(stream, job.plan.chunk_tokens, layout, held_out))
    validate = None if validation is None else _Validation(engine, validation)
    metrics: list[Metrics] = []
    with tqdm(
        total=config.epochs * stream.raw_words,
        unit=" words",
        unit_scale=True,
        disable=not show_progress,
    ) as bar:
        for epoch in range(config.epochs):
            bar.set_description(f"epoch {epoch + 1}/{config.epochs}")
            wv = None
            record = run.train_epoch(epoch, bar, on_chunk)
            wv = run.snapshot(epoch)
            if validate is not None:
                record["validation_loss"] = validate()
            metrics.append(record)
            on_epoch(wv, metrics)
            _report(bar, wv, record, config.probe_words)
    return wv


def _check_pairs(stream: TokenStream, config: Config) -> None:
    longest = stream.sentence_lengths.max(initial=0)
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


def _hold_out(stream: TokenStream, config: Config) -> tuple[np.ndarray, TokenStream]:
    lengths = stream.sentence_lengths
    held_out = np.random.default_rng(config.seed).random(len(lengths)) < config.validation_share
    if not held_out.any() or held_out.all() or lengths[held_out].max() < 2:
        raise InputError(
            f"validation_share {config.validation_share} of {len(lengths)} sentences leaves "
            "nothing to train on or to validate on; give another share, or a validation file"
        )
    ids = np.asarray(stream.ids)[np.repeat(held_out, lengths)]
    ends = np.cumsum(lengths[held_out])
    words = round(len(ids) * stream.words_per_token)
    return held_out, TokenStream(ids, ends, stream.vocabulary, words)


class _Run:
    """Epochs of chunks, counted and checked."""

    def __init__(self, stream: TokenStream, engine: Engine, feed: Feed):
        self.stream, self.engine, self.feed = stream, engine, feed
        self.config, self.schedule = engine.job.config, engine.job.schedule

    def train_epoch(self, epoch: int, bar: tqdm, on_chunk: Callable[[], None]) -> Metrics:
        order = np.random.default_rng([self.config.seed, epoch]).permutation(self.feed.num_chunks)
        total_tokens = len(self.stream) * self.config.epochs
        done = len(self.stream) * epoch
        sums = np.zeros(3, np.float64)
        pending: tuple[int, Loss] | None = None
        started = time.perf_counter()
        for fed in self.feed.epoch(order):
            progress = np.array([done, done + fed.covered], np.float32) / total_tokens
            loss = self.engine.train(fed.chunk, epoch, fed.index, progress)
            done += fed.covered
            if pending is not None:
                sums += self._finished(*pending, done / total_tokens, bar)
            pending = fed.covered, loss
            on_chunk()
        sums += self._finished(*pending, done / total_tokens, bar)
        if self.engine.layout.copies_drift:
            self.engine.reconcile()
        jax.block_until_ready(self.engine.state)
        seconds = time.perf_counter() - started
        if sums[2] == 0:
            raise InputError(
                "no pair was formed in an epoch: subsampling and windows left no two words "
                "together; give more text, or ask for less subsampling or a smaller window"
            )
        return {
            "epoch": epoch + 1,
            "raw_words": self.stream.raw_words,
            "seconds": round(seconds, 3),
            "words_per_second": round(self.stream.raw_words / seconds),
            "loss": sums[0] / sums[1] if sums[1] else None,
            "learning_rate": self.schedule and float(self.schedule(done / total_tokens)),
            "compile_seconds": round(self.engine.compile_seconds, 3),
            "tokens_per_step": self.engine.job.plan.tokens_per_step,
        }

    def _finished(self, covered: int, loss: Loss, progress: float, bar: tqdm) -> np.ndarray:
        total, pairs, formed = (float(value) for value in loss)
        if not math.isfinite(total):
            raise TrainingDiverged(f"the loss is {total}; give a smaller --learning-rate")
        if pairs:
            shown = f"loss {total / pairs:.4f}"
            if self.schedule is not None:
                shown += f", lr {self.schedule(progress):.2g}"
            bar.set_postfix_str(shown, refresh=False)
        words = round(covered * self.stream.words_per_token)
        bar.update(min(words, bar.total - bar.n))
        return np.array([total, pairs, formed])

    def snapshot(self, epoch: int) -> WordVectors:
        tables = self.engine.tables()
        try:
            return WordVectors(self.stream.vocabulary, *tables)
        except InputError:
            raise TrainingDiverged(
                f"a vector is not finite after epoch {epoch + 1}; give a smaller --learning-rate"
            ) from None


class _Validation:
    """The mean loss per pair on held-out text, with the same draws every time."""

    def __init__(self, engine: Engine, stream: TokenStream):
        if stream.sentence_lengths.max(initial=0) < 2:
            raise InputError(
                "the validation text has no sentence with two words of the vocabulary; "
                "give text like that of the corpus"
            )
        plan = engine.job.plan
        stride = plan.block_length - plan.overlap
        tokens = min(plan.chunk_tokens, stride * math.ceil(len(stream) / stride))
        self._feed = Feed(stream, tokens, engine.layout)
        self._evaluate = engine.evaluator(tokens)

    def __call__(self) -> float | None:
        sums = np.zeros(3, np.float64)
        for index in range(self._feed.num_chunks):
            loss = self._evaluate(self._feed.read(index).chunk, index)
            sums += [float(value) for value in loss]
        return sums[0] / sums[1] if sums[1] else None


def _report(bar: tqdm, wv: WordVectors, record: Metrics, probe_words: tuple[str, ...]) -> None:
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
    if not bar.disable:
        bar.write("\n".join(lines), file=sys.stderr)
