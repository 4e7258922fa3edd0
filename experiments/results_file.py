"""The file into which an experiment writes its results."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from jaxw2v import InputError

Settings = TypeVar("Settings")


def check_folder(path: Path) -> None:
    """Makes sure, before hours of work, that the results can be written.

    Args:
      path: the results file.

    Raises:
      InputError: its folder does not exist.
    """
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: its folder does not exist")


def write(path: Path, results: dict) -> None:
    """Writes the results as JSON, with hardware and versions, all or nothing.

    Args:
      path: the results file.
      results: its content.
    """
    _write(path, {**results, **environment()})


def _write(path: Path, results: dict) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(results, indent=2) + "\n")
    temporary.replace(path)


def read(path: Path) -> dict:
    """Reads results that an earlier run wrote.

    Args:
      path: the results file.

    Returns:
      Its content; nothing if there is no file.
    """
    return json.loads(path.read_text()) if path.exists() else {}


def store(path: Path, name: str, found: object) -> None:
    """Writes what a part has found, all or nothing; other parts stay in the file.

    The entry ``measured_on`` holds hardware and versions of each part.

    Args:
      path: the results file.
      name: of the part's entry.
      found: its content.
    """
    results = read(path)
    results[name] = found
    results.setdefault("measured_on", {})[name] = environment()
    _write(path, results)


def in_folder(
    measure_part: Callable[[Settings, Path], object], settings: Settings
) -> Callable[[], object]:
    """Gives a part an empty folder for its files, deleted when the part is done.

    Paths in its results begin inside the folder: where it was is nobody's concern.

    Args:
      measure_part: from the settings and the folder to the part's results.
      settings: of the experiment.

    Returns:
      A part, for :class:`experiments.experiment.Experiment`.
    """

    def run() -> object:
        with tempfile.TemporaryDirectory() as folder:
            results = json.dumps(measure_part(settings, Path(folder)))
        return json.loads(results.replace(f"{folder}{os.sep}", ""))

    return run


def environment() -> dict:
    """What the numbers were measured on.

    Returns:
      Processor, cores and versions.
    """
    versions = {"python": platform.python_version()}
    for name in ("jax", "jaxlib", "flax", "optax", "numpy", "polars", "gensim", "torch"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "hardware": {"processor": _processor(), "cores": os.cpu_count()},
        "versions": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
