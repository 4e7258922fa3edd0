"""Keeps away what Orbax prints beside raising an error."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

_TASKS = logging.getLogger("asyncio")
LISTEN = 60.0
"""For how long after a failed read the errors of reads begun with it are kept away (seconds)."""


@contextlib.contextmanager
def quiet_orbax() -> Iterator[None]:
    """Silences logs while Orbax reads, and what it leaves behind when it fails.

    Reads that were begun together with one that fails go on in the background; nobody asks for
    their errors, and Python would print them when they end or are collected.
    """
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    hook = sys.unraisablehook
    filtered = hook if isinstance(hook, _Filter) else _Filter(hook)
    filtered.begin()
    try:
        yield
    except Exception as error:
        filtered.until = time.monotonic() + LISTEN
        # The traceback holds what is to be collected here.
        error.__traceback__ = error.__context__ = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        raise
    finally:
        logging.disable(level)
        filtered.end()


class _Filter:
    """Stands for a while where Python reports errors that nobody asks for; passes others on."""

    def __init__(self, hook: Callable[[Any], object]):
        self._hook = hook
        self._users = 0
        self._lock = threading.Lock()
        self.until = 0.0

    def begin(self) -> None:
        """Takes its places, once more."""
        with self._lock:
            self._users += 1
            sys.unraisablehook = self
            _TASKS.addFilter(self.filter)

    def __call__(self, unraisable: Any) -> None:
        file = getattr(getattr(unraisable.object, "cr_code", None), "co_filename", "")
        if "orbax" not in file and "Event loop is closed" not in str(unraisable.exc_value):
            self._hook(unraisable)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message about a task of asyncio is somebody else's."""
        return "orbax" not in record.getMessage()

    def end(self) -> None:
        """Gives its places back, when nobody reads and it is time."""
        with self._lock:
            self._users -= 1
        self._leave()

    def _leave(self) -> None:
        with self._lock:
            left = self.until - time.monotonic()
            if self._users:
                return
            if left > 0:
                later = threading.Timer(left, self._leave)
                later.daemon = True
                later.start()
                return
            _TASKS.removeFilter(self.filter)
            if sys.unraisablehook is self:
                sys.unraisablehook = self._hook
