"""Keeps a Ctrl-C or SIGTERM until a chunk is dispatched, away from XLA's own callbacks."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

SIGNALS = signal.SIGINT, signal.SIGTERM


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Remembers a Ctrl-C or a SIGTERM until it is asked for; a second of its kind acts at once.

    Outside the main thread, where signals cannot be caught, nothing changes.

    Yields:
      A function that says whether a signal came.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return

    def remember(number, frame) -> None:
        pressed.set()
        signal.signal(number, before[number])

    before = {number: signal.signal(number, remember) for number in SIGNALS}
    try:
        yield pressed.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
