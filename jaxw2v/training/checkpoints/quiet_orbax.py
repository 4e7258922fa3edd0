"""Keeps away what Orbax prints beside raising an error."""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator

MOMENT = 0.5
"""How long reads that nobody waits for may go on (seconds)."""


@contextlib.contextmanager
def quiet_orbax() -> Iterator[None]:
    """Silences logs while Orbax reads, and what it leaves behind when it fails.

    Reads that were begun together with one that fails go on in the background for a moment; nobody
    asks for their errors, and Python would print them when they end or are collected.
    """
    level, hook = logging.root.manager.disable, sys.unraisablehook
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = functools.partial(_of_others, hook)
    try:
        yield
    except Exception as error:
        # The traceback holds what is to be collected here.
        error.__traceback__ = error.__context__ = None
        time.sleep(MOMENT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        raise
    finally:
        logging.disable(level)
        sys.unraisablehook = hook


def _of_others(hook: Callable, unraisable) -> None:
    file = getattr(getattr(unraisable.object, "cr_code", None), "co_filename", "")
    if "orbax" not in file and "Event loop is closed" not in str(unraisable.exc_value):
        hook(unraisable)
