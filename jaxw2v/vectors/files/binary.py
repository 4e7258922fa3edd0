"""word2vec.c's binary format."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np

from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.errors import InputError
from jaxw2v.vectors.files.opening import BOM, HEADER, Reader
from jaxw2v.vectors.files.rows import Rows, Table
from jaxw2v.vectors.files.text import LONGEST_WORD, check_header, has_header

CHUNK_BYTES = 1 << 24
ROWS_AT_ONCE = 1 << 14
LINE_FEED = 10
# No training leaves such a number; bytes read in the wrong order do.
LARGEST_NUMBER = 1e12
_CONTROL = re.compile(rb"[\0-\x1f\x7f]")


def is_binary(head: bytes) -> bool:
    """Whether a file is word2vec's binary format: a header, and no text after it.

    Args:
      head: its start, without a byte order mark.

    Returns:
      Whether it is.
    """
    return HEADER.match(head) is not None and not has_header(head)


def read_binary(reader: Reader, rows: Rows) -> Table:
    """Reads a header, and words with the bytes of their float32 numbers.

    Args:
      reader: the reader, at the start of the file, which begins with a header.
      rows: receives the rows, of which none is left out: a bad one, such as a word that holds a
        blank, may mean that all after it are read from the wrong place.

    Returns:
      Words and vectors.

    Raises:
      InputError: the header is wrong, the file is cut short, or a row cannot be used.
    """
    rows.can_skip, rows.unit = False, "word"
    head = reader.peek()
    header = HEADER.match(head, len(head) - len(head.removeprefix(BOM)))
    assert header is not None
    reader.read(header.end())
    size, dim = int(header[1]), int(header[2])
    check_header(rows.path, size, dim, 4 * dim + 1, reader.size)
    data, place, at_end = b"", 0, False
    words: list[str | None] = []
    found: list[np.ndarray] = []
    count, feeds = rows.wanted(size), False
    for number in range(1, count + 1):
        while (space := data.find(b" ", place)) < 0 or len(data) < space + 1 + 4 * dim:
            longest = LONGEST_WORD if space < 0 else LONGEST_WORD + 4 * dim
            if at_end and not data[place:].strip(b"\n"):
                raise rows.short(number - 1, size)
            if at_end or len(data) - place > longest:
                raise InputError(
                    f"{rows.path}: word {number:,} of {size:,} has no complete vector: the file is "
                    "cut short or damaged; get it again"
                )
            more = reader.read(CHUNK_BYTES)
            data, place, at_end = data[place:] + more, 0, not more
        # word2vec.c ends each row by a line feed, others do not.
        is_fed = data[place] == LINE_FEED
        word = data[place + is_fed : space]
        if number > 1:
            feeds = is_fed if number == 2 else feeds
            if is_fed != feeds or not (feeds or word.isalnum() or _is_plain(word)):
                rows.refuse(number, f"no text, or read from the wrong place: {word[:40]!r}")
        words.append(rows.decode(word, number))
        found.append(np.frombuffer(data, "<f4", dim, space + 1))
        if number == 1 and np.abs(found[0]).max() > LARGEST_NUMBER:
            raise InputError(
                f"{rows.path}: the first vector holds {np.abs(found[0]).max():.1e}: these are "
                "no float32 numbers, or their bytes are in the other order (big-endian)"
            )
        place = space + 1 + 4 * dim
        if len(words) == ROWS_AT_ONCE or number == count:
            rows.add(words, np.stack(found), range(number - len(words) + 1, number + 1))
            words, found = [], []
    if rows.limit > size and (data[place:] + reader.read(1 << 10)).strip():
        raise rows.goes_on(rows.path, size)
    return Table(*rows.join())


def _is_plain(word: bytes) -> bool:
    """Whether bytes are UTF-8 without control characters, which bytes of numbers hardly are."""
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(word) is None


def write_binary(file: io.BufferedIOBase, words: Sequence[str], vectors: Vectors) -> None:
    """Writes word2vec.c's binary format.

    Args:
      file: open for writing.
      words: V words.
      vectors: float32 [V, D].
    """
    start = 0
    file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
    for piece in pieces(vectors, len(words)):
        rows = np.ascontiguousarray(piece, "<f4")
        for word, row in zip(words[start : start + len(rows)], rows, strict=True):
            file.write(word.encode() + b" " + row.tobytes() + b"\n")
        start += len(rows)
