"""When a run is saved."""

from __future__ import annotations

import time
from pathlib import Path

from jaxw2v.config import Checkpointing
from jaxw2v.corpus import TokenStream
from jaxw2v.devices.processes import is_first
from jaxw2v.run_folder import remove_checkpoints
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.checkpoints.record import Record
from jaxw2v.training.checkpoints.stored_state import to_arrays
from jaxw2v.training.checkpoints.writer import Checkpoints
from jaxw2v.training.loop.engine import Engine


class Saves:
    """Saves a run by time, steps and epochs.

    Attributes:
      on: whether checkpoints are saved at all.
    """

    def __init__(
        self,
        folder: Path | None,
        stream: TokenStream,
        settings: Checkpointing,
        engine: Engine,
        common: Record,
        last: int | None,
    ):
        """Prepares saving.

        Args:
          folder: the folder of the checkpoints; ``None`` saves none.
          stream: whose words and phrases stand beside the checkpoints.
          settings: when.
          engine: what is saved.
          common: stands in every checkpoint.
          last: step from which the run goes on; ``None`` for a run that starts.
        """
        self._settings, self._engine = settings, engine
        # Checkpoints of a run that this one replaces.
        self._old = folder if last is None else None
        self._checkpoints: Checkpoints | None = None
        if folder is not None and settings.keep_checkpoints > 0:
            self._checkpoints = Checkpoints(
                folder, stream.vocabulary, stream.phrases, settings.keep_checkpoints, common, last
            )
        self.on = self._checkpoints is not None
        self._began(last or 0)

    def _began(self, step: int) -> None:
        self._step, self._time = step, time.monotonic()

    def forget_old(self) -> None:
        """Deletes the checkpoints of a run that this one replaces, when it has results of its own.

        Raises:
          OSError: they cannot be deleted.
        """
        if self._old is not None and is_first():
            remove_checkpoints(self._old)
        self._old = None

    def due(self, steps: int) -> bool:
        """Whether time or steps ask for a checkpoint.

        Args:
          steps: taken so far.

        Returns:
          Whether one is to be saved now.
        """
        if self._checkpoints is None:
            return False
        minutes, every = self._settings.checkpoint_minutes, self._settings.checkpoint_steps
        late = minutes is not None and time.monotonic() - self._time >= 60 * minutes
        return late or (every is not None and steps - self._step >= every)

    def after_epoch(self, cursor: Cursor) -> None:
        """Saves at the end of an epoch, if that is wanted.

        Args:
          cursor: the cursor of the run.
        """
        every = self._settings.checkpoint_epochs
        is_best = cursor.best is not None and cursor.best is cursor.metrics[-1]
        if is_best or (every is not None and cursor.epoch % every == 0):
            self.save(cursor)

    def save(self, cursor: Cursor) -> None:
        """Saves the run.

        Args:
          cursor: where it stands.
        """
        if self._checkpoints is None:
            return
        self.forget_old()
        best = cursor.best and cursor.best["steps"]
        self._checkpoints.save(
            cursor.steps,
            lambda: to_arrays(self._engine.state_by_rows(), self._engine.key),
            {"position": cursor.to_json()},
            best,
        )
        self._began(cursor.steps)

    def wait(self) -> None:
        """Waits until what is being saved is complete, or is given up."""
        if self._checkpoints is not None:
            self._checkpoints.wait()

    def __enter__(self) -> Saves:
        return self

    def __exit__(self, *error: object) -> None:
        """Waits until all is written."""
        if self._checkpoints is not None:
            self._checkpoints.close()
