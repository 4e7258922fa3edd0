"""Keeps a Ctrl-C or SIGTERM until a chunk is dispatched, away from XLA's own callbacks."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence


@contextlib.contextmanager
def deferred_interrupt(
    signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
) -> Iterator[Callable[[], None]]:
    """Remembers a Ctrl-C or a SIGTERM until it is asked for; a second of its kind acts at once.

    Outside the main thread, where signals cannot be caught, nothing changes.

    Args:
      signals: which ones.

    Yields:
      A function that raises ``KeyboardInterrupt`` if a signal came.
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
        signal.signal(number, before[number])

    before = {number: signal.signal(number, remember) for number in signals}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
