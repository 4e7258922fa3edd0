"""How an experiment is started: its settings from the command line, its errors in one line."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import tyro

from jaxw2v import InputError

Settings = TypeVar("Settings")


def run(measure: Callable[[Settings], object], settings: type[Settings], description: str) -> None:
    """Runs an experiment; a smoke run leaves the results of the repository as they are.

    Args:
      measure: the experiment.
      settings: the dataclass from which the options are made, ``results`` and ``smoke`` among them.
      description: shown by ``--help``.

    Raises:
      SystemExit: with code 2, the settings name something that cannot be read or done; with code
        130, Ctrl-C was pressed.
    """
    try:
        measure(_elsewhere_if_smoke(tyro.cli(settings, description=description)))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("interrupted; results of the parts that were done are kept", file=sys.stderr)
        raise SystemExit(130) from None


def _elsewhere_if_smoke(given: Settings) -> Settings:
    if not given.smoke or given.results != type(given).results:
        return given
    path = Path(tempfile.mkdtemp(prefix="smoke_"), given.results.name)
    print(f"smoke run: results go to {path}", file=sys.stderr)
    return dataclasses.replace(given, results=path)
