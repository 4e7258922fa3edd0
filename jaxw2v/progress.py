"""Progress, which never decides a run: where it cannot be written, it is quiet."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from typing import Any, TextIO

from tqdm import tqdm


@dataclasses.dataclass
class _Quiet:
    """A stream that takes what it can show and drops the rest.

    Attributes:
      stream: the stream, such as ``sys.stderr``; ``None`` where the process began without one.
    """

    stream: TextIO | None

    @property
    def encoding(self) -> str:
        """How the stream stores characters."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Writes; a character that the stream cannot show is escaped."""
        try:
            shown = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
            if self.stream is not None:
                self.stream.write(shown)
        except (OSError, ValueError):
            # The terminal has gone, or nobody reads the pipe any more.
            self.stream = None
        return len(text)

    def flush(self) -> None:
        """Flushes."""
        try:
            if self.stream is not None:
                self.stream.flush()
        except (OSError, ValueError):
            self.stream = None

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.stream is not None and not self.stream.closed and self.stream.isatty()

    def fileno(self) -> int:
        """The file descriptor, by which a terminal's width is found."""
        if self.stream is None:
            raise OSError("there is no stream")
        return self.stream.fileno()


class _Bar(tqdm):
    """A bar that stays away until its delay is over, even when a line is written above it."""

    def refresh(self, *arguments: Any, **options: Any) -> None:
        """Draws the bar."""
        if self.disable or self.delay <= 0 or self._time() - self.start_t >= self.delay:
            super().refresh(*arguments, **options)


def progress_bar(iterable: Any = None, *, show: bool = True, **look: Any) -> tqdm:
    """Draws a progress line on standard error.

    Args:
      iterable: whose items are counted; ``None`` for a bar that is moved by hand.
      show: whether it is drawn.
      look: further arguments of tqdm.

    Returns:
      The bar.

    Example:
      >>> sum(progress_bar([1, 2], show=False))
      3
    """
    return _Bar(iterable, file=_Quiet(sys.stderr), disable=not show, **look)


def tell(text: str) -> None:
    """Writes a line to standard error, above a progress line.

    Args:
      text: the line.
    """
    tqdm.write(text, file=_Quiet(sys.stderr))


def say(text: str) -> None:
    """Writes to standard output what came of a command whose result is on the disk.

    Args:
      text: the line.
    """
    stream = _Quiet(sys.stdout)
    stream.write(f"{text}\n")
    stream.flush()
    if stream.stream is None and sys.stdout is not None:
        drop_what_is_left(sys.stdout)


def drop_what_is_left(stream: TextIO) -> None:
    """Lets what a stream could not write go nowhere, or Python would try again when it ends.

    Args:
      stream: the stream that failed.
    """
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
