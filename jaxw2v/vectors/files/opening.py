"""Opens a file of vectors, compressed or not, and finds out what it holds."""

from __future__ import annotations

import codecs
import contextlib
import math
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tqdm import tqdm

from jaxw2v.compression import DAMAGED, open_compressed
from jaxw2v.errors import InputError
from jaxw2v.progress import progress_bar

HEAD, LONGEST_HEAD = 1 << 16, 1 << 24
HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t]*\r?\n")
LINES_TO_TELL = 3
BOM = b"\xef\xbb\xbf"
_PICKLE = "a Python pickle, such as gensim's own format; save it there by save_word2vec_format"
_UTF16 = "UTF-16; write it anew by: iconv -f UTF-16 -t UTF-8"
_OTHERS = {
    b"\x93NUMPY": "a NumPy array, which has no words",
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"\xba\x16\x4f\x2f": "a fastText model; give its .vec file",
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
    b"PK": "a zip archive; unpack it first",
    b"PAR1": "a parquet table",
    b"ARROW1": "an Arrow table",
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF document",
    b"SQLite": "a database",
    b"<": "a web page or XML",
    b"{": "JSON",
    b"[": "JSON",
}


class Reader:
    """A file that is read from its start, with a progress line in bytes as stored.

    Attributes:
      path: the path of the file.
      is_compressed: whether it is.
      size: the size of what it holds (bytes); infinite if it is compressed.
    """

    def __init__(self, path: Path, raw: IO[bytes], stream: IO[bytes], bar: tqdm):
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
    try:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        with (
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
    except DAMAGED as error:
        raise InputError(f"{path}: damaged or cut short: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or f'damaged: {error}'}") from None


def kind_of(reader: Reader) -> str:
    """Finds out what a file holds, by its content.

    Args:
      reader: the reader of the file, at its start.

    Returns:
      ``text`` (word2vec's or fastText's, with a header, or GloVe's, without), ``binary``
      (word2vec's), or ``safetensors``.

    Raises:
      InputError: it holds something else, which is named.
    """
    head = reader.peek().removeprefix(BOM)
    if len(head) > 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 1 << 32:
        return "safetensors"
    header = HEADER.match(head)
    if header:
        lines = head[header.end() :].split(b"\n")
        rows = lines[:LINES_TO_TELL] if len(lines) > LINES_TO_TELL else lines[:-1] or lines
        if all(_is_text_row(row, int(header[2])) for row in rows):
            return "text"
        start = head[header.end() :][: 4 * int(header[2]) + 64]
        return "text" if _is_text(start) else "binary"
    first, _, others = head.partition(b"\n")[0].rstrip(b"\r").partition(b"\r")
    fields = first.split()
    # An archive holds its files' text as it is, after a header of its own with zeros.
    if len(fields) > 1 and is_number(fields[-1]) and b"\0" not in first:
        if others:
            raise InputError(
                f"{reader.path}: its lines end by carriage returns alone; write it anew by: "
                "tr '\\r' '\\n'"
            )
        return "text"
    what = next((what for magic, what in _OTHERS.items() if head.startswith(magic)), "")
    if head[257:262] == b"ustar":
        what = "a tar archive; unpack it first"
    if what:
        raise InputError(f"{reader.path}: holds no vectors: it looks like {what}")
    if b"\0" in head:
        raise InputError(f"{reader.path}: holds no vectors in a format known here: it is binary")
    raise InputError(
        f"{reader.path}:1: holds no vectors: it looks like plain text; expected a word and its "
        f"numbers in a line, got {first[:40]!r}"
    )


def _is_text_row(row: bytes, dim: int) -> bool:
    fields = row.split()
    return len(fields) > dim and all(map(is_number, fields[len(fields) - dim :]))


def _is_text(start: bytes) -> bool:
    """Whether bytes are UTF-8, of which the last letter may be cut, without control characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return not any(byte < 9 or 13 < byte < 32 for byte in start)


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
