"""What a run folder holds: a place to go on from, and vectors."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import SingleDeviceSharding

from jaxw2v.config import DEFAULTS, Config
from jaxw2v.corpus import TokenStream, Vocabulary
from jaxw2v.errors import InputError
from jaxw2v.training.checkpoints import (
    FOLDER,
    VOCABULARY,
    Arrays,
    Damaged,
    Record,
    check_arrays,
    read_arrays,
    read_record,
    steps_in,
)
from jaxw2v.training.objectives import make_objective
from jaxw2v.training.position import Position
from jaxw2v.training.processes import check_same, is_first, smallest, wait_for_all
from jaxw2v.training.storage_order import storage_row
from jaxw2v.vectors import WordVectors
from jaxw2v.vectors.formats import VECTORS

# Of these a resumed run may have others.
FREE = ("epochs", "patience", "probe_words")
DIGESTS = ("text", "vocabulary", "validation_text")


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
        self._folder = folder / FOLDER
        steps = steps_in(self._folder)
        check_same({"checkpoints": repr(steps).encode()})
        self._sound = _sound(self._folder, steps)
        self._newest = next(self._sound, None)
        self.record = self._newest and self._newest[1]
        if steps and self._newest is None:
            raise _none_usable(self._folder)

    def check(self, facts: Record, epochs: int) -> None:
        """Makes sure that a run may go on from here.

        Args:
          facts: of the run that is to go on.
          epochs: that it asks for.

        Raises:
          InputError: it is another run, naming what differs, or more epochs are done.
        """
        check_facts(self._folder.parent, self.record["facts"], facts)
        done = Position.from_json(self.record["position"])
        if epochs < done.epoch or (epochs == done.epoch and done.chunks):
            raise InputError(
                f"{self._folder.parent}: {done.epoch} epochs are done there and epochs is "
                f"{epochs}; give {done.epoch + bool(done.chunks)} or more"
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
            candidate = next(self._sound, None)
        raise _none_usable(self._folder)

    def _read(
        self, path: Path, shapes: dict[str, jax.ShapeDtypeStruct], record: Record
    ) -> Arrays | None:
        """The arrays, if every process can read its parts and they are right."""
        arrays = None
        try:
            arrays = read_arrays(path, shapes, record)
        except Damaged as error:
            _warn(path, error)
        if not smallest(int(arrays is not None)):
            return None
        try:
            check_arrays(arrays, record)
        except Damaged as error:
            _warn(path, error)
            return None
        return arrays

    def _set_aside(self, sound: int) -> None:
        """Renames what Orbax would stumble over, or write again."""
        steps = steps_in(self._folder)
        older = {step for step, _ in _sound(self._folder, [s for s in steps if s < sound])}
        for step in steps if is_first() else ():
            if step != sound and step not in older:
                path = self._folder / str(step)
                others = len(list(self._folder.glob(f"{step}.damaged*")))
                path.rename(path.with_suffix(f".damaged{others or ''}"))
        wait_for_all()


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
    for name in sorted(there.keys() | here.keys()):
        if name in FREE or there.get(name) == here.get(name):
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


def facts_of(
    config: Config, stream: TokenStream, validation: TokenStream | None, optimizer: object | None
) -> Record:
    """What makes a run this run and no other.

    Args:
      config: the settings, as given.
      stream: the corpus.
      validation: held-out text, if a text was given.
      optimizer: of the user's own; whether there is one is recorded.

    Returns:
      The facts, for JSON.
    """
    return json.loads(config.to_json()) | {
        "text": stream.digest,
        "vocabulary": stream.vocabulary.digest,
        "validation_text": None if validation is None else validation.digest,
        "optimizer": "the default" if optimizer is None else "one of the user's own",
    }


def load_vectors(folder: str | Path, checkpoint: str | int | None = None) -> WordVectors:
    """Loads the vectors of a run, one that is still going too.

    Args:
      folder: that ``jaxw2v train`` writes.
      checkpoint: ``"last"``, ``"best"`` by validation loss, or a step; ``None`` takes the vectors
        of the last whole epoch, and the last checkpoint where no epoch is whole yet.

    Returns:
      The vectors.

    Raises:
      InputError: there are none, or they are damaged.

    Example:
      >>> load_vectors("none")
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: none: holds no vectors.safetensors; give a folder that ...
    """
    folder = Path(folder)
    checkpoints = folder / FOLDER
    if checkpoint is None and ((folder / VECTORS).exists() or not checkpoints.is_dir()):
        return WordVectors.load(folder)
    # A run that goes on may delete what was just listed.
    for _ in range(3):
        steps = _chosen(checkpoints, checkpoint)
        for step in steps:
            try:
                return _read_vectors(checkpoints, step)
            except Damaged as error:
                if (checkpoints / str(step)).exists():
                    _warn(checkpoints / str(step), error)
        if steps == _chosen(checkpoints, checkpoint):
            break
    if not steps:
        raise InputError(f"{checkpoints}: there is no checkpoint yet; wait for the first one")
    raise _none_usable(checkpoints)


def _chosen(checkpoints: Path, wanted: str | int | None) -> list[int]:
    """The steps to try, in their order."""
    steps = steps_in(checkpoints)
    if wanted in (None, "last"):
        return steps
    if wanted == "best":
        _, record = next(_sound(checkpoints, steps), (None, None))
        best = record and Position.from_json(record["position"]).best
        if not best:
            raise InputError(
                f"{checkpoints}: no validation loss was measured, so no checkpoint is the best; "
                "give --checkpoint last"
            )
        wanted = best["steps"]
    if not str(wanted).isdecimal() or int(wanted) not in steps:
        there = ", ".join(map(str, reversed(steps))) or "none"
        raise InputError(
            f"checkpoint is {wanted!r}; it must be last, best, or a step that is kept: {there}"
        )
    return [int(wanted)]


def _read_vectors(checkpoints: Path, step: int) -> WordVectors:
    record = read_record(checkpoints / str(step))
    names = ["input_embedding"]
    config = Config(**{name: record["facts"][name] for name in DEFAULTS})
    if make_objective(config).output_layer.rows_are_words:
        names.append("output_embedding")
    vocabulary = Vocabulary.load(checkpoints / VOCABULARY)
    if vocabulary.digest != record["facts"]["vocabulary"]:
        raise InputError(
            f"{checkpoints / VOCABULARY}: is not the vocabulary of step {step}; restore that file"
        )
    sharding = SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    shapes = {
        name: jax.ShapeDtypeStruct(
            record["arrays"][name]["shape"], record["arrays"][name]["dtype"], sharding=sharding
        )
        for name in names
    }
    arrays = read_arrays(checkpoints / str(step), shapes, record)
    check_arrays(arrays, record)
    rows = storage_row(np.arange(len(vocabulary)), len(vocabulary))
    return WordVectors(vocabulary, *[np.asarray(arrays[name])[rows] for name in names])


def _sound(checkpoints: Path, steps: list[int]) -> Iterator[tuple[int, Record]]:
    """Steps with a sound record, and that record."""
    for step in steps:
        try:
            yield step, read_record(checkpoints / str(step))
        except Damaged as error:
            _warn(checkpoints / str(step), error)


def _check_arrays(folder: Path, shapes: dict[str, jax.ShapeDtypeStruct], record: Record) -> None:
    here = {name: (list(array.shape), str(array.dtype)) for name, array in shapes.items()}
    there = {name: (a["shape"], a["dtype"]) for name, a in record["arrays"].items()}
    differing = [n for n in sorted(here.keys() | there) if here.get(n) != there.get(n)]
    if differing:
        raise InputError(
            f"{folder}: holds a run of another optimizer or size: {', '.join(differing)} differ; "
            "resume it with what it was started with, or choose another --out or --overwrite"
        )


def _warn(path: Path, error: Any) -> None:
    warnings.warn(f"{path}: passed over: {error}", RuntimeWarning, stacklevel=2)


def _none_usable(checkpoints: Path) -> InputError:
    return InputError(
        f"{checkpoints}: none of its checkpoints can be used; restore one from a copy, or give "
        "--overwrite to start anew"
    )
