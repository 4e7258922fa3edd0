"""Goes on from the checkpoints of a run's folder."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from pathlib import Path

import jax

from jaxw2v.config import DEFAULTS, Config
from jaxw2v.corpus import Vocabulary
from jaxw2v.devices.processes import check_same, is_first, smallest, wait_for_all
from jaxw2v.errors import InputError
from jaxw2v.run_folder import CHECKPOINTS, VECTORS, VOCABULARY, read_settings, steps_in
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.checkpoints.identity import RunIdentity
from jaxw2v.training.checkpoints.reader import (
    Damaged,
    check_arrays,
    none_usable,
    read_arrays,
    read_record,
    sound_records,
    warn_damaged,
)
from jaxw2v.training.checkpoints.record import Arrays, Record
from jaxw2v.training.setup.sizes import Sizes


class SavedRun:
    """The checkpoints of a folder, to go on from.

    Attributes:
      record: the newest record that is sound; ``None`` if the folder has none.
    """

    def __init__(self, folder: Path):
        """Reads the newest record.

        Args:
          folder: the folder of the run.

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

    @property
    def sizes(self) -> Sizes | None:
        """Of the newest checkpoint; ``None`` if the folder has none."""
        return None if self.record is None else Sizes(**self.record["sizes"])

    def check(self, identity: RunIdentity, epochs: int) -> None:
        """Makes sure that a run may go on from here, or start where there are vectors only.

        Args:
          identity: what the run is that is to go on.
          epochs: the passes over the corpus that it asks for.

        Raises:
          InputError: it is another run, naming what differs, or more epochs are done.
        """
        folder = self._folder.parent
        if self.record is None:
            if (folder / VECTORS).exists():
                identity.check_resumable(folder, _known_beside_vectors(folder))
            return
        identity.check_resumable(folder, self.record["facts"])
        done = Cursor.from_json(self.record["position"])
        if epochs < done.epoch or (epochs == done.epoch and done.chunks):
            part = " and part of the next" if done.chunks else ""
            raise InputError(
                f"{folder}: {done.epoch} epochs{part} are done there and epochs is {epochs}; give "
                f"{done.epoch + bool(done.chunks)} or more"
            )

    def load(self, shapes: dict[str, jax.ShapeDtypeStruct]) -> tuple[Arrays, Cursor]:
        """Reads the newest checkpoint that is sound.

        Damaged ones are renamed to ``<step>.damaged``.

        Args:
          shapes: the shapes of the arrays by name, with shardings.

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
                return arrays, Cursor.from_json(record["position"])
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
        if not smallest(int(arrays is not None)) or arrays is None:
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
      folder: the folder of the run; may be missing.
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


def _known_beside_vectors(folder: Path) -> Record:
    """What can be known of a run that has vectors and no checkpoint."""
    return read_settings(folder) | {"vocabulary": Vocabulary.load(folder / VOCABULARY).digest}


def _check_arrays(folder: Path, shapes: dict[str, jax.ShapeDtypeStruct], record: Record) -> None:
    here = {name: (list(array.shape), str(array.dtype)) for name, array in shapes.items()}
    there = {name: (a["shape"], a["dtype"]) for name, a in record["arrays"].items()}
    differing = [n for n in sorted(here.keys() | there) if here.get(n) != there.get(n)]
    if differing:
        raise InputError(
            f"{folder}: holds a run of another optimizer or size: {', '.join(differing)} differ; "
            "resume it with what it was started with, or choose another --out, or give --overwrite"
        )
