"""Opens a file of vectors, compressed or not."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from jaxw2v.compression import damage_named, open_compressed
from jaxw2v.errors import InputError
from jaxw2v.progress import progress_bar

HEAD, LONGEST_HEAD = 1 << 16, 1 << 24
HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t]*\r?\n")
BOM = b"\xef\xbb\xbf"


class Reader:
    """A file that is read from its start, with a progress line in bytes as stored.

    Attributes:
      path: the path of the file.
      is_compressed: whether it is.
      size: the size of what it holds (bytes); infinite if it is compressed.
    """

    def __init__(self, path: Path, raw: io.BufferedReader, stream: io.BufferedIOBase, bar: tqdm):
        """Joins the parts.

        Args:
          path: the path of the file.
          raw: the file.
          stream: what it holds when decompressed; ``raw`` itself if it is not compressed.
          bar: the progress line.
        """
        self.path, self._raw, self._stream, self._bar = path, raw, stream, bar
        self._ahead = b""
        self.is_compressed = stream is not raw
        self.size = math.inf if self.is_compressed else os.path.getsize(path)

    def read(self, size: int) -> bytes:
        """Reads on.

        Args:
          size: bytes at most.

        Returns:
          The bytes; none at the end.
        """
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        data = ahead + self._stream.read(size - len(ahead)) if len(ahead) < size else ahead
        self._bar.update(self._raw.tell() - self._bar.n)
        return data

    def put_back(self, data: bytes) -> None:
        """Gives back what was read last, to be read again.

        Args:
          data: the bytes.
        """
        self._ahead = data + self._ahead

    def peek(self, lines: int = 0) -> bytes:
        """What comes next, and is read again later.

        Args:
          lines: as many lines as far as the file and 16 MiB go.

        Returns:
          64 KiB or more, where there are so many.
        """
        while len(self._ahead) < HEAD or (
            self._ahead.count(b"\n") < lines and len(self._ahead) < LONGEST_HEAD
        ):
            data = self._stream.read(HEAD)
            if not data:
                break
            self._ahead += data
        return self._ahead


@contextlib.contextmanager
def open_vectors(path: Path, show_progress: bool) -> Iterator[Reader]:
    """Opens a file.

    Args:
      path: plain, or compressed by gzip, bzip2, xz or zstd.
      show_progress: draw a progress line on standard error when it takes more than a second.

    Yields:
      A reader at the start of what the file holds.

    Raises:
      InputError: the file is missing, empty or damaged.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    with (
        damage_named(path),
        open(path, "rb") as raw,
        open_compressed(str(path), raw) as stream,
        progress_bar(
            total=os.path.getsize(path),
            unit="B",
            unit_scale=True,
            desc=f"reading {path.name}",
            delay=1,
            show=show_progress,
        ) as bar,
    ):
        reader = Reader(path, raw, stream, bar)
        if not reader.peek().strip():
            raise InputError(f"{path}: is empty")
        yield reader


def is_number(field: bytes) -> bool:
    """Whether a field of a text file is a number.

    Args:
      field: without blanks.

    Returns:
      Whether it is.

    Example:
      >>> is_number(b"-1.5e-3"), is_number(b"1_000"), is_number(b"cat")
      (True, False, False)
    """
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field
