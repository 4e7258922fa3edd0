"""The results that stand in a run's folder beside its checkpoints, anew after each epoch."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import jax

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.config import Config
from jaxw2v.corpus import Phrases
from jaxw2v.devices.processes import is_first, is_loss, lost
from jaxw2v.errors import NO_ROOM, InputError, Interrupted, ProcessLost, TrainingDiverged
from jaxw2v.run_folder import CHECKPOINTS, METRICS, PHRASES, SETTINGS, had_phrases, steps_in
from jaxw2v.training.callbacks import EpochRecord
from jaxw2v.vectors import WordVectors
from jaxw2v.vectors.files import write_folder

# What JAX says on accelerators, and on a CPU.
OUT_OF_MEMORY = "RESOURCE_EXHAUSTED", "Out of memory", "std::bad_alloc"


class Results:
    """Vectors, vocabulary, settings, phrases and metrics of a run."""

    def __init__(self, folder: Path | None, config: Config, phrases: Phrases, resume: bool):
        """Prepares; nothing is written before the first epoch ends.

        Args:
          folder: the folder of the run; ``None`` writes nothing.
          config: the settings.
          phrases: the phrases that were joined in the text.
          resume: whether results that are there are of this run.
        """
        self._folder, self._config, self._phrases = folder, config, phrases
        self._finished = 0
        if resume and folder is not None and (folder / METRICS).exists():
            self._finished = (folder / METRICS).read_bytes().count(b"\n")

    def save(self, wv: WordVectors, metrics: list[EpochRecord]) -> None:
        """Writes the results of an epoch.

        Args:
          wv: the vectors.
          metrics: a record for each epoch so far.
        """
        if self._folder is not None:
            write_folder(self._folder, wv.vocabulary, wv.vectors, wv.output_vectors, wv.subwords)
            if is_first():
                self._write(self._folder, metrics)
        self._finished = len(metrics)

    def _write(self, folder: Path, metrics: list[EpochRecord]) -> None:
        has_phrases = self._config.phrase_passes
        if not has_phrases and had_phrases(folder):
            (folder / PHRASES).unlink(missing_ok=True)
        # First the settings, which say that the phrases are ours.
        with renamed_when_complete(folder / SETTINGS) as path:
            path.write_text(self._config.to_json())
        if has_phrases:
            with renamed_when_complete(folder / PHRASES) as path:
                self._phrases.save(path)
        with renamed_when_complete(folder / METRICS) as path:
            path.write_text("".join(json.dumps(record) + "\n" for record in metrics))

    @contextlib.contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Lets whatever ends the run say what the folder holds.

        Raises:
          TrainingDiverged: the loss is no longer finite.
          ProcessLost: another process of the run has ended.
          InputError: a device is out of memory.
          OSError: a disk is full.
          Interrupted: Ctrl-C or SIGTERM.
        """
        try:
            yield
        except TrainingDiverged as error:
            raise TrainingDiverged(f"{error} ({self._left()})") from None
        except (jax.errors.JaxRuntimeError, ValueError) as error:
            if not any(sign in str(error) for sign in OUT_OF_MEMORY):
                if not is_loss(error):
                    raise
                raise ProcessLost(f"{lost(error)} ({self._left()})") from error
            raise InputError(
                "the device is out of memory; give a smaller --embedding-dim, --tokens-per-step, "
                f"--block-length or --max-vocabulary ({self._left()})"
            ) from None
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            left = f"{error.strerror} ({self._left()})"
            raise OSError(error.errno, left, error.filename) from None
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; {self._left()}") from None

    def _left(self) -> str:
        if self._folder is None:
            return "no folder was given, so nothing was kept"
        left = f"{self._folder} holds the vectors of epoch {self._finished}"
        if self._finished == 0:
            left = "no epoch was finished, so there are no vectors"
        steps = steps_in(self._folder / CHECKPOINTS)
        if steps:
            left += f"; --resume goes on from step {steps[0]:,}"
        return left
