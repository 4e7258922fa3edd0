"""Starts from another run: its words keep their ids, rows and moments."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxw2v.config import DEFAULTS, Config
from jaxw2v.corpus import Known, Phrases, Vocabulary
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.row_sharding import Rows
from jaxw2v.devices.storage_order import num_rows
from jaxw2v.errors import InputError
from jaxw2v.ownership import marked_as
from jaxw2v.run_folder import (
    CHECKPOINTS,
    PHRASES,
    SETTINGS,
    VECTORS,
    VOCABULARY,
    read_settings,
    steps_in,
)
from jaxw2v.setting_rules import Role, settings_with
from jaxw2v.subwords import SharedRows, share_rows
from jaxw2v.training.checkpoints.reader import (
    Damaged,
    none_usable,
    read_in_word_order,
    read_vocabulary,
    sound_records,
)
from jaxw2v.training.checkpoints.record import Record
from jaxw2v.training.checkpoints.stored_state import NGRAMS, from_arrays, to_arrays
from jaxw2v.training.setup.job import Job
from jaxw2v.training.starts.from_ngrams import rows_before
from jaxw2v.training.starts.start import Start, change_rows
from jaxw2v.training.step.state import TrainState
from jaxw2v.vectors import WordVectors

TABLES = ("input_embedding", "output_embedding", NGRAMS)
NGRAM_SETTINGS = ("subwords", "min_ngram", "max_ngram", "ngram_buckets")
# hold_rows keeps the optimizer's state inside its own: stored names differ by this.
WRAPPED = ("optimizer-optimizer", "optimizer")


class EarlierRun:
    """A run that another one goes on from, on other text.

    Attributes:
      vocabulary: its words.
      phrases: the phrases that were joined in its text.
    """

    def __init__(self, folder: str | os.PathLike):
        """Reads what the run says of itself.

        Args:
          folder: the folder of the run.

        Raises:
          InputError: it holds no run, or a damaged one, or that of a newer version.
        """
        self._folder = Path(folder)
        marked_as(self._folder)
        checkpoints = self._folder / CHECKPOINTS
        steps = steps_in(checkpoints)
        self._checkpoint = next(sound_records(checkpoints, steps), None)
        if steps and self._checkpoint is None:
            raise none_usable(checkpoints)
        self._settings = self._read_settings()
        if self._settings.get("output_layer") == "hierarchical_softmax":
            raise InputError(
                f"{self._folder}: its output layer is a tree of its words' counts, which other "
                "text has not; only runs with negative_sampling or softmax can be continued"
            )
        if self._checkpoint is None:
            self.vocabulary = Vocabulary.load(self._folder / VOCABULARY)
        else:
            self.vocabulary = read_vocabulary(checkpoints, *self._checkpoint)
        self.phrases = self._read_phrases()
        self._taken: dict[str, Any] = {}

    def _read_settings(self) -> Record:
        if self._checkpoint is not None:
            return self._checkpoint[1]["facts"]
        if not all((self._folder / name).exists() for name in (SETTINGS, VECTORS)):
            raise InputError(f"{self._folder}: holds no run; give a folder that jaxw2v train wrote")
        return read_settings(self._folder)

    def _read_phrases(self) -> Phrases:
        if self._checkpoint is None:
            path = self._folder / PHRASES
            return Phrases.load(path) if self._settings.get("phrase_passes") else Phrases()
        path = self._folder / CHECKPOINTS / PHRASES
        phrases = Phrases.load(path) if path.exists() else Phrases()
        if phrases.digest != self._settings.get("phrases", phrases.digest):
            raise InputError(
                f"{path}: are not the phrases of step {self._checkpoint[0]}; restore that file"
            )
        return phrases

    @property
    def layers(self) -> str:
        """What its objective is made of, if it is not that of its settings; otherwise empty."""
        return self._settings.get("layers", "")

    def known(self, keep_vocabulary: bool) -> Known:
        """Its words and phrases, for encoding other text.

        Args:
          keep_vocabulary: add no words.

        Returns:
          What is known.
        """
        return Known(self.vocabulary, self.phrases, grow=not keep_vocabulary)

    def settle(self, config: Config) -> Config:
        """Takes the settings of the run where none of one's own are given.

        Args:
          config: as asked for; what is not a default is one's own.

        Returns:
          The settings.

        Raises:
          InputError: one of them does not go with the tables of the run.
        """
        taken: dict[str, Any] = {}
        fixed = settings_with(Role.FIXED, Config)
        for name in sorted(DEFAULTS.keys() - settings_with(Role.OWN, Config)):
            here, there = getattr(config, name), self._settings.get(name, DEFAULTS[name])
            if here == DEFAULTS[name]:
                taken[name] = there
            elif name in fixed and here != there:
                raise InputError(
                    f"{name} is {here!r} and {self._folder} was trained with {there!r}; leave it "
                    "out, or train anew"
                )
        self._taken = {name: there for name, there in taken.items() if there != DEFAULTS[name]}
        return dataclasses.replace(config, **taken)

    def start(self) -> Start:
        """The state of the run's newest checkpoint; of a run without one its vectors alone.

        Returns:
          The start.
        """
        size, read = len(self.vocabulary), self._reader()

        def change(state: TrainState, job: Job, layout: Layout) -> TrainState:
            arrays = to_arrays(state, jax.random.key(0))
            rows = num_rows(len(job.keep))
            before = None
            if job.subwords is not None:
                before = rows_before(job.subwords, self._shared)
            for name, new in arrays.items():
                if name == "key":
                    continue
                old = read(name.replace(*WRAPPED))
                if old is None or old.shape[1:] != new.shape[1:]:
                    self._miss(name)
                elif name == NGRAMS:
                    own = read("input_embedding")
                    assert own is not None
                    assert before is not None
                    put = functools.partial(_put_ngrams, before=before, own=own, shared=old)
                    arrays[name] = change_rows(new, len(before), put)
                elif new.shape[:1] == (rows,):
                    put = functools.partial(_put, old=old, size=size)
                    arrays[name] = change_rows(new, len(job.keep), put)
                elif old.shape == new.shape:
                    arrays[name] = layout.copy_everywhere(old)
            return from_arrays(arrays, job, layout)[0]

        return Start({"continued_from": self._digest()}, change, is_continued=True)

    @functools.cached_property
    def _shared(self) -> SharedRows:
        """The rows of n-grams of its words."""
        ngrams = Config(**{k: self._settings[k] for k in NGRAM_SETTINGS}).ngrams
        assert ngrams is not None
        return share_rows(self.vocabulary.words, ngrams)

    def _miss(self, name: str) -> None:
        """Complains of an array that cannot be taken over."""
        if name in TABLES:
            raise InputError(
                f"{self._folder}: its {name} is missing or of another length; it is damaged"
            )
        if self._checkpoint is not None:
            warnings.warn(
                f"{self._folder}: has no {name} to go on with, so that starts anew",
                RuntimeWarning,
                stacklevel=2,
            )

    def report(self, vocabulary: Vocabulary) -> str:
        """Says what is taken over.

        Args:
          vocabulary: the vocabulary of the run that goes on.

        Returns:
          One line.
        """
        old, new = len(self.vocabulary), len(vocabulary) - len(self.vocabulary)
        seen = int((vocabulary.counts[:old] > 0).sum())
        line = f"going on from {self._folder}: {old:,} words, {seen:,} of them in this text"
        if self._checkpoint is None:
            line += ", without the optimizer's state, because the run has no checkpoint"
        line += f"; {new:,} new words"
        if self._taken:
            taken = ", ".join(f"{name} {value}" for name, value in self._taken.items())
            line += f"; with its {taken}"
        return line

    def _digest(self) -> str:
        if self._checkpoint is None:
            with open(self._folder / VECTORS, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        arrays = json.dumps(self._checkpoint[1]["arrays"], sort_keys=True)
        return hashlib.sha256(arrays.encode()).hexdigest()

    def _reader(self) -> Callable[[str], Rows | None]:
        """From the name of an array to the array, rows in the order of the words."""
        if self._checkpoint is None:
            wv = WordVectors.load(self._folder)
            tables = {"input_embedding": wv.vectors, "output_embedding": wv.output_vectors}
            if wv.subwords is not None:
                tables |= {"input_embedding": wv.subwords.own, NGRAMS: wv.subwords.shared}
            return tables.get
        step, record = self._checkpoint
        path = self._folder / CHECKPOINTS / str(step)
        names = {name.replace(*WRAPPED): name for name in record["arrays"]}

        def read(name: str) -> np.ndarray | None:
            stored = names.get(name)
            if stored is None:
                return None
            size = self._shared.num_shared if name == NGRAMS else len(self.vocabulary)
            try:
                return read_in_word_order(path, {stored: size}, record)[stored]
            except Damaged as error:
                raise InputError(
                    f"{path}: {error}; delete it, and the checkpoint before it is taken"
                ) from None

        return read


def _put(words: np.ndarray, rows: np.ndarray, old: Rows, size: int) -> None:
    """Rows of words that the earlier run had become what they were."""
    is_old = words < size
    rows[is_old] = old[words[is_old]]


def _put_ngrams(
    numbers: np.ndarray, rows: np.ndarray, before: np.ndarray, own: Rows, shared: Rows
) -> None:
    """Rows of n-grams become what they were in the earlier run, some of them as rows of words."""
    source = np.where(numbers < len(before), before[np.minimum(numbers, len(before) - 1)], -1)
    size = len(own)
    of_word, of_ngrams = (source >= 0) & (source < size), source >= size
    rows[of_word] = own[source[of_word]]
    rows[of_ngrams] = shared[source[of_ngrams] - size]
