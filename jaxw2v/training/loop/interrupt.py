"""Keeps a Ctrl-C, SIGTERM or SIGHUP until a chunk is dispatched, away from XLA's own callbacks."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

# A terminal that goes away hangs up.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Remembers a Ctrl-C, a SIGTERM or a SIGHUP until it is asked for.

    A second one of its kind acts at once.

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

    # What nohup or a shell's background ignores stays ignored.
    caught = [n for n in SIGNALS if signal.getsignal(n) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, remember) for number in caught}
    try:
        yield pressed.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
