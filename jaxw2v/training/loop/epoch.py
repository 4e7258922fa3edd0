"""One epoch: chunks are trained on, counted, checked and, between two of them, saved."""

from __future__ import annotations

import dataclasses
import enum
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np
from tqdm import tqdm

from jaxw2v.corpus import TokenStream
from jaxw2v.errors import InputError, TrainingDiverged
from jaxw2v.training.callbacks import Callback, EpochRecord, Progress
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.loop.saves import Saves
from jaxw2v.training.step.state import Loss


class Wish(enum.IntEnum):
    """What a process wants to be done after a chunk; the largest of all processes is done."""

    GO_ON = 0
    SAVE = 1
    STOP = 2
    LEAVE = 3


class _Dispatched(NamedTuple):
    """A chunk that the devices may still be working on."""

    loss: Loss
    steps: jax.Array
    wish: jax.Array | int


class Epochs:
    """Epochs of chunks, from the cursor of a run on.

    Attributes:
      cursor: where the run stands; changes as it goes on.
      wish: what this process wants beside saving; may be set between two chunks.
    """

    def __init__(
        self,
        stream: TokenStream,
        engine: Engine,
        feed: Feed,
        saves: Saves,
        callbacks: Sequence[Callback],
        interrupted: Callable[[], bool],
        bar: tqdm,
        cursor: Cursor,
    ):
        """Takes up a run.

        Args:
          stream: the corpus.
          engine: what trains.
          feed: the feed of the stream's chunks.
          saves: when the run is saved.
          callbacks: called after each chunk.
          interrupted: whether the user wants to leave.
          bar: the progress line, in raw words.
          cursor: where the run stands.
        """
        self.stream, self.engine, self.feed, self.saves = stream, engine, feed, saves
        self.callbacks, self.interrupted, self.bar = callbacks, interrupted, bar
        self.config = engine.job.config
        self.cursor, self.wish = cursor, Wish.GO_ON
        self._total_tokens = len(stream) * self.config.epochs
        # What was done before does not count for the speed that is shown.
        bar.n = bar.initial = self._words(self._tokens_done(cursor.chunks, self._order()))

    def train_epoch(self) -> tuple[Wish, EpochRecord | None]:
        """Trains on what is left of the epoch in which the run stands.

        Returns:
          ``GO_ON`` and the record of the epoch; or ``STOP`` or ``LEAVE``, and ``None``: the run
          was saved in the middle.
        """
        order, start = self._order(), self.cursor
        self._started = time.perf_counter() - start.seconds
        self._sums, self._steps = np.array(start.sums, np.float64), start.steps
        chunks, done = start.chunks, self._tokens_done(start.chunks, order)
        ahead: _Dispatched | None = None
        decision = Wish.GO_ON
        for fed in self.feed.epoch(order[chunks:]):
            progress = np.array([done, done + fed.covered], np.float32) / self._total_tokens
            loss, steps = self.engine.train(fed.chunk, start.epoch, fed.number, progress)
            if ahead is not None:
                decision = self._finish(ahead, done)
            done, chunks = done + fed.covered, chunks + 1
            ahead = _Dispatched(loss, steps, self.engine.layout.largest(self.ask()))
            # After the last chunk the epoch is finished first.
            if decision > Wish.GO_ON and chunks < self.feed.num_chunks:
                decision = max(decision, self._finish(ahead, done))
                ahead = None
                self._save(chunks)
                if decision > Wish.SAVE:
                    return decision, None
                decision = Wish.GO_ON
        if ahead is not None:
            self._finish(ahead, done)
        return Wish.GO_ON, self._record(done)

    def ask(self) -> Wish:
        """What this process wants now."""
        if self.interrupted():
            return Wish.LEAVE
        saving = Wish.SAVE if self.saves.due(self._steps) else Wish.GO_ON
        return max(self.wish, saving)

    def _order(self) -> np.ndarray:
        seed = [self.config.seed, self.cursor.epoch]
        return np.random.default_rng(seed).permutation(self.feed.num_chunks)

    def _tokens_done(self, chunks: int, order: np.ndarray) -> int:
        size, total = self.engine.job.plan.chunk_tokens, len(self.stream)
        starts = order[:chunks].astype(np.int64) * size
        return total * self.cursor.epoch + int(np.minimum(size, total - starts).sum())

    def _finish(self, chunk: _Dispatched, done: int) -> Wish:
        """Counts a chunk when the devices are done with it."""
        total, pairs, formed = (float(value) for value in chunk.loss)
        if not math.isfinite(total):
            raise TrainingDiverged(f"the loss is {total}; give a smaller --learning-rate")
        self._sums += [total, pairs, formed]
        self._steps += int(chunk.steps)
        loss = total / pairs if pairs else None
        if loss is not None:
            shown = f"loss {loss:.4f}"
            if self.engine.job.schedule is not None:
                shown += f", lr {self.engine.job.schedule(done / self._total_tokens):.2g}"
            self.bar.set_postfix_str(shown, refresh=False)
        words = self._words(done)
        self.bar.update(words - self.bar.n)
        progress = Progress(self.cursor.epoch + 1, words, self._steps, loss)
        if any([callback.on_chunk_end(progress) for callback in self.callbacks]):
            self.wish = Wish.STOP
        return Wish(int(chunk.wish))

    def _words(self, done: int) -> int:
        return min(round(done * self.stream.words_per_token), self.bar.total)

    def _save(self, chunks: int) -> None:
        self.cursor = dataclasses.replace(
            self.cursor,
            chunks=chunks,
            steps=self._steps,
            sums=tuple(self._sums.tolist()),
            seconds=time.perf_counter() - self._started,
        )
        self.saves.save(self.cursor)

    def _record(self, done: int) -> EpochRecord:
        if self.engine.layout.copies_drift:
            self.engine.reconcile()
        jax.block_until_ready(self.engine.state)
        seconds = time.perf_counter() - self._started
        total, pairs, formed = self._sums.tolist()
        if formed == 0:
            raise InputError(
                "no pair was formed in an epoch: subsampling and windows left no two words "
                "together; give more text, or ask for less subsampling, a smaller --min-count or, "
                "where windows must be full, a smaller --window"
            )
        self.cursor = dataclasses.replace(self.cursor, steps=self._steps)
        schedule = self.engine.job.schedule
        return {
            "epoch": self.cursor.epoch + 1,
            "raw_words": self.stream.raw_words,
            "steps": self._steps,
            "seconds": round(seconds, 3),
            "words_per_second": round(self.stream.raw_words / seconds),
            "loss": total / pairs if pairs else None,
            "learning_rate": schedule and float(schedule(done / self._total_tokens)),
            "compile_seconds": round(self.engine.compile_seconds, 3),
            "tokens_per_step": self.engine.job.plan.tokens_per_step,
            "subsample_threshold": self.config.subsample_threshold,
            "negatives_per_block": self.config.negatives_per_block,
        }
