"""The training loop: epochs of chunks, with progress, validation and a snapshot each epoch."""

from __future__ import annotations

import dataclasses
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
from jaxw2v.sampling import keep_probability, percentile_threshold
from jaxw2v.training.engine import Engine
from jaxw2v.training.feed import Feed
from jaxw2v.training.footprint import Footprint
from jaxw2v.training.layout import Layout
from jaxw2v.training.mesh import choose_mesh
from jaxw2v.training.objectives import Objective, make_objective
from jaxw2v.training.optimizer import (
    check_elementwise,
    default_optimizer,
    keep_row_norm,
    linear_decay,
)
from jaxw2v.training.plan import make_plan
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
    _check_pairs(stream, config)
    for word in config.probe_words:
        if word not in stream.vocabulary:
            raise InputError(f"probe {stream.vocabulary.missing(word)}")
    device = jax.devices()[0]
    check_this_machine(device)

    counts = stream.vocabulary.counts
    keep, kept = _keep(config, counts)
    objective = make_objective(config)
    constants = objective.output_layer.constants(counts)
    floats_per_block = objective.output_layer.floats_per_block(
        config.block_length, config.embedding_dim, constants
    )
    on_cpu = device.platform == "cpu"
    plan = make_plan(config, kept, counts, 4 * floats_per_block, on_cpu)
    schedule = None
    if optimizer is None:
        schedule = linear_decay(plan.learning_rate, config.min_learning_rate)
        optimizer = default_optimizer(schedule)
    if config.max_norm is not None:
        optimizer = optax.chain(optimizer, keep_row_norm(config.max_norm))
    config = _choose_row_updates(config, optimizer)

    def footprint(shape: tuple[int, int]) -> Footprint:
        return Footprint.of(config, plan, objective, constants, optimizer, len(counts), shape)

    chosen = choose_mesh(mesh, plan.blocks_per_step, lambda shape: footprint(shape).total)
    shape = (1, 1) if chosen is None else tuple(chosen.shape.values())
    # Rows of every block keep the order of adding, and so a CPU's bits, the same on every mesh.
    layout = Layout(chosen, len(counts), footprint(shape).exchange_sums and not on_cpu)
    if layout.shards.vocab:
        _check_cut_tables(config, objective, optimizer)

    held_out = None
    if validation is None and config.validation_share:
        held_out, validation = _hold_out(stream, config)
    engine = Engine(config, plan, objective, optimizer, constants, keep, layout)
    feed = Feed(stream, plan.chunk_tokens, layout, held_out)
    run = _Run(stream, config, engine, feed, schedule)
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


def _keep(config: Config, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep probabilities, and the share of each word that is left in the blocks."""
    if config.subsample_formula != "percentile":
        keep = keep_probability(counts, config.subsample_threshold, config.subsample_formula)
        return keep, keep
    threshold = percentile_threshold(counts, config.subsample_percentile)
    return keep_probability(counts, threshold, "percentile"), np.ones(len(counts))


def _choose_row_updates(config: Config, optimizer: optax.GradientTransformation) -> Config:
    if config.row_updates == "dense":
        return config
    try:
        check_elementwise(optimizer)
    except InputError:
        if config.row_updates == "sparse":
            raise
        return dataclasses.replace(config, row_updates="dense")
    return dataclasses.replace(config, row_updates="sparse")


def _check_cut_tables(
    config: Config, objective: Objective, optimizer: optax.GradientTransformation
) -> None:
    if objective.output_layer.reads_every_row:
        raise InputError(
            f"output_layer is {config.output_layer!r}, which scores every word; it needs whole "
            "tables, so give a --mesh that ends in x1"
        )
    check_elementwise(optimizer)


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

    def __init__(self, stream: TokenStream, config: Config, engine: Engine, feed: Feed, schedule):
        self.stream, self.config, self.engine = stream, config, engine
        self.feed, self.schedule = feed, schedule

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
            "tokens_per_step": self.engine.plan.tokens_per_step,
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
        plan = engine.plan
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
    if bar.disable:
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
    bar.write("\n".join(lines), file=sys.stderr)
