"""Keeps a Ctrl-C until a chunk has been dispatched, away from XLA's own callbacks."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Remembers a Ctrl-C until it is asked for; a second one acts at once.

    Outside the main thread, where signals cannot be caught, nothing changes.

    Yields:
      A function that raises ``KeyboardInterrupt`` if Ctrl-C was pressed.
    """
    pressed = threading.Event()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return

    def remember(number, frame) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
