"""How an experiment is started: its settings from the command line, its errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import tyro

from jaxw2v import InputError

Settings = TypeVar("Settings")


def run(measure: Callable[[Settings], object], settings: type[Settings], description: str) -> None:
    """Runs an experiment.

    Args:
      measure: the experiment.
      settings: the dataclass from which the options are made.
      description: shown by ``--help``.

    Raises:
      SystemExit: with code 2, the settings name something that cannot be read or done; with code
        130, Ctrl-C was pressed.
    """
    try:
        measure(tyro.cli(settings, description=description))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("interrupted; results of the parts that were done are kept", file=sys.stderr)
        raise SystemExit(130) from None
