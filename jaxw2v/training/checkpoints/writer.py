"""Checkpoints by Orbax: written in the background, verified when they are read.

A checkpoint is a folder ``checkpoints/<step>`` that appears by a rename. Orbax notices neither
flipped bytes nor a wrong dtype: every array has a checksum, and what else there is to know, as
JSON, a digest.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
from orbax.checkpoint import v1 as ocp

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.corpus import Phrases, Vocabulary
from jaxw2v.devices.processes import is_first, is_loss, raise_everywhere
from jaxw2v.errors import InputError, TrainingDiverged
from jaxw2v.run_folder import PHRASES, VOCABULARY, remove_emptied, remove_unfinished
from jaxw2v.training.checkpoints.checksums import compute_checksums
from jaxw2v.training.checkpoints.record import Arrays, Record, first_line, seal

BYTES_PER_PIECE = 1 << 20
SLOWEST_BYTES_PER_SECOND = 20_000_000


def check_path(folder: Path) -> None:
    """Refuses a path under which Orbax would not find what it has written: it looks for patterns.

    Args:
      folder: the folder of a run.

    Raises:
      InputError: the path has a bracket or a backslash in it.
    """
    unusable = set("[]\\") - {os.sep}
    if found := sorted(unusable & set(str(folder.absolute()))):
        raise InputError(
            f"{folder.absolute()}: checkpoints cannot be read again under a path with "
            f"{' or '.join(found)} in it; choose another folder, or give --keep-checkpoints 0"
        )


class _Keep:
    """Which checkpoints Orbax preserves: the latest ones, and the best."""

    def __init__(self, latest: int):
        self.latest = latest
        self.best: int | None = None

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> list[bool]:
        del context
        latest = sorted(checkpoint.step for checkpoint in checkpoints)[-self.latest :]
        return [c.step in latest or c.step == self.best for c in checkpoints]


class Checkpoints:
    """Writes the checkpoints of a run, one at a time, in the background.

    A checkpoint that cannot be written is a warning: training goes on, and those written before
    stay as they are. Among many processes the loss of another one is raised.
    """

    def __init__(
        self,
        folder: Path,
        vocabulary: Vocabulary,
        phrases: Phrases,
        keep: int,
        common: Record,
        last: int | None = None,
    ):
        """Prepares; nothing is written before the first checkpoint.

        Args:
          folder: the folder of the checkpoints.
          vocabulary: stands beside them, for those who read vectors or go on with other text.
          phrases: likewise.
          keep: latest checkpoints to keep.
          common: stands in every checkpoint.
          last: step of the newest checkpoint, which the run goes on from.
        """
        self._folder, self._common = folder, common
        self._beside: dict[str, Vocabulary | Phrases] = {VOCABULARY: vocabulary}
        if phrases.passes:
            self._beside[PHRASES] = phrases
        self._keep, self._last = _Keep(keep), last
        self._checkpointer: ocp.training.Checkpointer | None = None
        self._saving: int | None = None
        self._error: Exception | None = None
        self._log_level: int | None = None

    def _open(self, size: int) -> ocp.training.Checkpointer:
        # Orbax logs the tracebacks of what it also raises.
        if self._log_level is None:
            self._log_level = logging.getLogger("absl").level
            logging.getLogger("absl").setLevel(logging.CRITICAL)
        error = None
        try:
            if is_first():
                self._folder.mkdir(parents=True, exist_ok=True)
                remove_emptied(self._folder)
                for name, content in self._beside.items():
                    with renamed_when_complete(self._folder / name) as path:
                        content.save(path)
        except OSError as raised:
            error = raised
        raise_everywhere(error)
        context = ocp.Context()
        # Trained rows are noise to a compressor, which would take five times as long.
        context.array.saving.use_compression = False
        # A process reads the pieces in which its rows lie: whole tables, were they one piece.
        context.array.saving.storage_options.chunk_byte_size = BYTES_PER_PIECE
        # One of many processes that cannot write keeps the others waiting for so long.
        context.asynchronous.timeout_secs = 60 + size // SLOWEST_BYTES_PER_SECOND
        return ocp.training.Checkpointer(
            self._folder.absolute(),
            context=context,
            save_decision_policy=ocp.training.save_decision_policies.FixedIntervalPolicy(1),
            preservation_policy=self._keep,
            cleanup_tmp_directories=True,
        )

    def save(
        self,
        step: int,
        make_arrays: Callable[[], Arrays],
        record: Record,
        best: int | None = None,
    ) -> None:
        """Copies the state and begins to write it, when what was being written is complete.

        Args:
          step: optimizer steps so far; nothing happens if they have been saved.
          make_arrays: a function that gives the arrays by name.
          record: what else there is to know, for JSON.
          best: step of the best checkpoint, which is kept.

        Raises:
          TrainingDiverged: an array is not finite.
        """
        if step in (self._last, self._saving):
            return
        self.wait()
        arrays = make_arrays()
        checksums, finite = jax.device_get(compute_checksums(arrays))
        if not finite:
            raise TrainingDiverged("a table is not finite; give a smaller --learning-rate")
        described = {
            name: {
                "shape": list(array.shape),
                "dtype": str(array.dtype),
                "checksum": int(checksums[name]),
            }
            for name, array in arrays.items()
        }
        sealed = seal(self._common | record | {"arrays": described})
        self._keep.best, self._saving = best, step
        try:
            if self._checkpointer is None:
                self._checkpointer = self._open(sum(array.nbytes for array in arrays.values()))
            self._checkpointer.save_async(step, arrays, force=True, custom_metadata=sealed)
        except Exception as error:
            self._error = error

    def wait(self) -> None:
        """Waits until what is being written is complete."""
        if self._saving is None:
            return
        step, self._saving = self._saving, None
        error, self._error = self._error, None
        try:
            if self._checkpointer is not None:
                self._checkpointer.wait()
        except Exception as raised:
            error = error or raised
        try:
            raise_everywhere(error)
            self._last = step
        except Exception as raised:
            self._failed(step, raised)

    def _failed(self, step: int, error: Exception) -> None:
        if is_loss(error):
            raise error
        if is_first():
            remove_unfinished(self._folder)
        if self._checkpointer is not None:
            self._checkpointer.reload()
        kept = "there is none yet" if self._last is None else f"that of step {self._last} is kept"
        warnings.warn(
            f"{self._folder}: the checkpoint of step {step} cannot be written "
            f"({first_line(error)}); {kept}",
            RuntimeWarning,
            stacklevel=2,
        )

    def close(self) -> None:
        """Waits, and lets go of the folder."""
        try:
            self.wait()
            if self._checkpointer is not None:
                self._checkpointer.close()
        finally:
            if self._log_level is not None:
                logging.getLogger("absl").setLevel(self._log_level)
