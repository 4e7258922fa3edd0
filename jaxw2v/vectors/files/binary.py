"""word2vec.c's binary format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.vectors.cut_rows import Rows as Vectors
from jaxw2v.vectors.cut_rows import pieces
from jaxw2v.vectors.files.opening import HEADER, Reader
from jaxw2v.vectors.files.rows import Rows
from jaxw2v.vectors.files.text import LONGEST_WORD, check_header

CHUNK_BYTES = 1 << 24
ROWS_AT_ONCE = 1 << 14


def read_binary(reader: Reader, rows: Rows) -> None:
    """Reads a header, and words with the bytes of their float32 numbers.

    Args:
      reader: at the start of the file, which begins with a header.
      rows: receives the rows.

    Raises:
      InputError: the header is wrong, or the file is cut short.
    """
    header = HEADER.match(reader.peek())
    reader.read(header.end())
    size, dim = int(header[1]), int(header[2])
    check_header(rows.path, size, dim, 4 * dim + 1, reader.size)
    data, place, at_end = b"", 0, False
    words: list[str | None] = []
    found: list[np.ndarray] = []
    count = rows.wanted(size)
    for number in range(1, count + 1):
        while (space := data.find(b" ", place)) < 0 or len(data) < space + 1 + 4 * dim:
            longest = LONGEST_WORD if space < 0 else LONGEST_WORD + 4 * dim
            if at_end or len(data) - place > longest:
                raise InputError(
                    f"{rows.path}: word {number:,} of {size:,} has no complete vector: the file is "
                    "cut short or damaged; get it again"
                )
            more = reader.read(CHUNK_BYTES)
            data, place, at_end = data[place:] + more, 0, not more
        # word2vec.c ends each row by a line feed, others do not.
        words.append(rows.decode(data[place:space].lstrip(b"\n"), number))
        found.append(np.frombuffer(data, "<f4", dim, space + 1))
        place = space + 1 + 4 * dim
        if len(words) == ROWS_AT_ONCE or number == count:
            rows.add(words, np.stack(found), range(number - len(words) + 1, number + 1))
            words, found = [], []
    if count == size and (data[place:] + reader.read(1 << 10)).strip():
        raise InputError(
            f"{rows.path}: goes on after the {size:,} words that its header promises; mend the "
            "header or the file"
        )


def write_binary(path: Path, words: Sequence[str], vectors: Vectors) -> None:
    """Writes word2vec.c's binary format.

    Args:
      path: the file.
      words: V words.
      vectors: float32 [V, D].
    """
    start = 0
    with open(path, "wb") as file:
        file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
        for piece in pieces(vectors, len(words)):
            rows = np.ascontiguousarray(piece, "<f4")
            for word, row in zip(words[start : start + len(rows)], rows, strict=True):
                file.write(word.encode() + b" " + row.tobytes() + b"\n")
            start += len(rows)
