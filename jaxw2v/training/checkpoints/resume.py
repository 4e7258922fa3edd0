"""The checkpoints of a run folder as a place to go on from."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import jax

from jaxw2v.config import DEFAULTS, Config
from jaxw2v.corpus import TokenStream, Vocabulary
from jaxw2v.devices.processes import check_same, is_first, smallest, wait_for_all
from jaxw2v.errors import InputError
from jaxw2v.run_folder import CHECKPOINTS, VECTORS, VOCABULARY, read_settings, steps_in
from jaxw2v.training.checkpoints.cursor import Position
from jaxw2v.training.checkpoints.writer import (
    Arrays,
    Damaged,
    Record,
    check_arrays,
    read_arrays,
    read_record,
)
from jaxw2v.training.starts.start import Start

# Of these a resumed run may have others.
FREE = ("epochs", "patience", "probe_words")
DIGESTS = ("text", "vocabulary", "phrases", "validation_text", "start")


class SavedRun:
    """The checkpoints of a folder, to go on from.

    Attributes:
      record: of the newest checkpoint whose record is sound; ``None`` if the folder has none.
    """

    def __init__(self, folder: Path):
        """Reads the newest record.

        Args:
          folder: of the run.

        Raises:
          InputError: there are checkpoints and none of them can be used.
        """
        self._folder = folder / CHECKPOINTS
        steps = steps_in(self._folder)
        check_same({"checkpoints": repr(steps).encode()})
        self._sound = sound_records(self._folder, steps)
        self._newest = self._next()
        self.record = self._newest and self._newest[1]
        if steps and self._newest is None:
            raise none_usable(self._folder)

    def _next(self) -> tuple[int, Record] | None:
        """The next older one whose record every process can read."""
        candidate = next(self._sound, None)
        while True:
            step = candidate[0] if candidate else 0
            oldest, newest = smallest(step), -smallest(-step)
            if oldest == newest:
                return candidate
            if step > oldest:
                candidate = next(self._sound, None)

    def check(self, facts: Record, epochs: int) -> None:
        """Makes sure that a run may go on from here, or start where there are vectors only.

        Args:
          facts: of the run that is to go on.
          epochs: that it asks for.

        Raises:
          InputError: it is another run, naming what differs, or more epochs are done.
        """
        folder = self._folder.parent
        if self.record is None:
            if (folder / VECTORS).exists():
                check_facts(folder, _facts_beside_vectors(folder), facts)
            return
        check_facts(folder, self.record["facts"], facts)
        done = Position.from_json(self.record["position"])
        if epochs < done.epoch or (epochs == done.epoch and done.chunks):
            part = " and part of the next" if done.chunks else ""
            raise InputError(
                f"{folder}: {done.epoch} epochs{part} are done there and epochs is {epochs}; give "
                f"{done.epoch + bool(done.chunks)} or more"
            )

    def load(self, shapes: dict[str, jax.ShapeDtypeStruct]) -> tuple[Arrays, Position]:
        """Reads the newest checkpoint that is sound.

        Damaged ones are renamed to ``<step>.damaged``.

        Args:
          shapes: of the arrays by name, with shardings.

        Returns:
          The arrays, and where the run stands.

        Raises:
          InputError: no checkpoint is sound, or they hold other arrays.
        """
        candidate = self._newest
        while candidate is not None:
            step, record = candidate
            _check_arrays(self._folder.parent, shapes, record)
            arrays = self._read(self._folder / str(step), shapes, record)
            if arrays is not None:
                self._set_aside(step)
                return arrays, Position.from_json(record["position"])
            candidate = self._next()
        raise none_usable(self._folder)

    def _read(
        self, path: Path, shapes: dict[str, jax.ShapeDtypeStruct], record: Record
    ) -> Arrays | None:
        """The arrays, if every process can read its parts and they are right."""
        arrays = None
        try:
            arrays = read_arrays(path, shapes, record)
        except Damaged as error:
            warn_damaged(path, error)
        if not smallest(int(arrays is not None)):
            return None
        try:
            check_arrays(arrays, record)
        except Damaged as error:
            warn_damaged(path, error)
            return None
        return arrays

    def _set_aside(self, sound: int) -> None:
        """Renames what Orbax would stumble over, or write again."""
        if is_first():
            steps = steps_in(self._folder)
            older = {
                step for step, _ in sound_records(self._folder, [s for s in steps if s < sound])
            }
            for step in set(steps) - older - {sound}:
                path = self._folder / str(step)
                names = (path.with_suffix(f".damaged{n or ''}") for n in itertools.count())
                path.rename(next(name for name in names if not name.exists()))
        wait_for_all()


def with_its_tokenizer(folder: Path, config: Config) -> Config:
    """Lets a run go on with the tokenizer that it was started with.

    Args:
      folder: of the run; may be missing.
      config: as asked for; the default tokenizer is nobody's wish.

    Returns:
      The settings.
    """
    if config.tokenizer != DEFAULTS["tokenizer"]:
        return config
    for step in steps_in(folder / CHECKPOINTS):
        with contextlib.suppress(Damaged):
            facts = read_record(folder / CHECKPOINTS / str(step))["facts"]
            return dataclasses.replace(config, tokenizer=facts["tokenizer"])
    if (folder / VECTORS).exists():
        settings = read_settings(folder)
        return dataclasses.replace(config, tokenizer=settings.get("tokenizer", config.tokenizer))
    return config


def check_facts(folder: Path, there: Record, here: Record) -> None:
    """Makes sure that two runs are one.

    Args:
      folder: of the run.
      there: facts of the run in the folder.
      here: facts of the run that is asked for.

    Raises:
      InputError: naming what differs.
    """
    differing = []
    same_words = there.get("text") == here.get("text")
    for name in sorted(there.keys() & here.keys()):
        if name in FREE or there[name] == here[name] or (name == "tokenizer" and same_words):
            continue
        if name in DIGESTS:
            differing.append(f"the {name.replace('_', ' ')} differs")
        else:
            differing.append(f"{name} is {there.get(name)!r} there and {here.get(name)!r} here")
    if differing:
        raise InputError(
            f"{folder}: holds another run: {'; '.join(differing)}; resume it with what it was "
            "started with, or choose another --out, or --overwrite"
        )


def _facts_beside_vectors(folder: Path) -> Record:
    """What can be known of a run that has vectors and no checkpoint."""
    return read_settings(folder) | {"vocabulary": Vocabulary.load(folder / VOCABULARY).digest}


def facts_of(
    config: Config,
    stream: TokenStream,
    validation: TokenStream | None,
    optimizer: object | None,
    start: Start | None,
) -> Record:
    """What makes a run this run and no other.

    Args:
      config: the settings, as given.
      stream: the corpus.
      validation: held-out text, if a text was given.
      optimizer: of the user's own; whether there is one is recorded.
      start: what the tables start from, if not from chance.

    Returns:
      The facts, for JSON.
    """
    return json.loads(config.to_json()) | {
        "text": stream.digest,
        "vocabulary": stream.vocabulary.digest,
        "phrases": stream.phrases.digest,
        "validation_text": None if validation is None else validation.digest,
        "optimizer": "the default" if optimizer is None else "one of the user's own",
        "start": {} if start is None else start.facts,
    }


def sound_records(checkpoints: Path, steps: list[int]) -> Iterator[tuple[int, Record]]:
    """Reads records, with a warning for those that cannot be read.

    Args:
      checkpoints: their folder.
      steps: in the order in which they are read.

    Yields:
      Steps and records.
    """
    for step in steps:
        try:
            yield step, read_record(checkpoints / str(step))
        except Damaged as error:
            warn_damaged(checkpoints / str(step), error)


def read_vocabulary(checkpoints: Path, step: int, record: Record) -> Vocabulary:
    """Reads the vocabulary that stands beside checkpoints.

    Args:
      checkpoints: their folder.
      step: of one of them.
      record: of that one.

    Returns:
      The vocabulary.

    Raises:
      InputError: it is damaged, or of another run.
    """
    vocabulary = Vocabulary.load(checkpoints / VOCABULARY)
    if vocabulary.digest != record["facts"]["vocabulary"]:
        raise InputError(
            f"{checkpoints / VOCABULARY}: is not the vocabulary of step {step}; restore that file"
        )
    return vocabulary


def _check_arrays(folder: Path, shapes: dict[str, jax.ShapeDtypeStruct], record: Record) -> None:
    here = {name: (list(array.shape), str(array.dtype)) for name, array in shapes.items()}
    there = {name: (a["shape"], a["dtype"]) for name, a in record["arrays"].items()}
    differing = [n for n in sorted(here.keys() | there) if here.get(n) != there.get(n)]
    if differing:
        raise InputError(
            f"{folder}: holds a run of another optimizer or size: {', '.join(differing)} differ; "
            "resume it with what it was started with, or choose another --out or --overwrite"
        )


def warn_damaged(path: Path, error: Damaged) -> None:
    """Says that a checkpoint is passed over.

    Args:
      path: of the checkpoint.
      error: why.
    """
    warnings.warn(f"{path}: passed over: {error}", RuntimeWarning, stacklevel=2)


def none_usable(checkpoints: Path) -> InputError:
    """The error of a run without a sound checkpoint.

    Args:
      checkpoints: their folder.

    Returns:
      The error.
    """
    return InputError(
        f"{checkpoints}: none of its checkpoints can be used; restore one from a copy, or give "
        "--overwrite to start anew"
    )
