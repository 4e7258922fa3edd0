"""The text formats: word2vec's and fastText's, with a header, and GloVe's, without."""

from __future__ import annotations

import codecs
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.errors import InputError
from jaxw2v.vectors.files.opening import BOM, HEAD, HEADER, Reader, is_number
from jaxw2v.vectors.files.rows import Rows, Table

CHUNK_BYTES = 1 << 24
# Lines that show how many numbers a line holds, where no header says so.
LINES_TO_GUESS, LINES_TO_TELL = 10, 3
LONGEST_WORD = 1 << 16
LONGEST_NUMBER = 32


def has_header(head: bytes) -> bool:
    r"""Whether a file is text with a header, as word2vec's and fastText's.

    Args:
      head: its start, without a byte order mark.

    Returns:
      Whether it is.

    Example:
      >>> has_header(b"1 2\ncat 0.5 1\n"), has_header(b"cat 0.5 1\n")
      (True, False)
    """
    header = HEADER.match(head)
    if not header:
        return False
    lines, dim = head[header.end() :].split(b"\n"), int(header[2])
    rows = lines[:LINES_TO_TELL] if len(lines) > LINES_TO_TELL else lines[:-1] or lines
    return all(_is_row(row, dim) for row in rows) or _is_text(head[header.end() :][: 4 * dim + 64])


def has_no_header(head: bytes) -> bool:
    """Whether a file begins with a word and its numbers, as GloVe's.

    Args:
      head: its start, without a byte order mark.

    Returns:
      Whether it does.
    """
    first = head.partition(b"\n")[0].rstrip(b"\r")
    fields = first.split()
    # An archive holds its files' text as it is, after a header of its own with zeros.
    return len(fields) > 1 and is_number(fields[-1]) and not {0, 13} & set(first)


def _is_row(row: bytes, dim: int) -> bool:
    fields = row.split()
    return len(fields) > dim and all(map(is_number, fields[len(fields) - dim :]))


def _is_text(start: bytes) -> bool:
    """Whether bytes are UTF-8, of which the last letter may be cut, without control characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return not any(byte < 9 or 13 < byte < 32 for byte in start)


def read_text(reader: Reader, rows: Rows) -> Table:
    """Reads lines of a word and its numbers.

    Args:
      reader: the reader, at the start of the file.
      rows: receives them.

    Returns:
      Words and vectors.

    Raises:
      InputError: the header is wrong, the file is cut short, or a line has another form.
    """
    head = reader.peek(LINES_TO_GUESS + 1)
    bom = len(head) - len(head.removeprefix(BOM))
    header = HEADER.match(head[bom:])
    line, promised = 1, None
    if header:
        promised, dim = int(header[1]), int(header[2])
        check_header(rows.path, promised, dim, 2 * dim + 2, reader.size)
        start = bom + header.end()
        longest = max(HEAD, *map(len, head[start:].split(b"\n")))
        if 2 * dim > longest:
            raise InputError(
                f"{rows.path}:1: the header promises {dim:,} numbers a word, and the lines after "
                f"it have {longest:,} bytes; mend the header, or get the file again"
            )
        reader.read(start)
        line = 2
        if dim == 1:
            _refuse_counts(rows.path, _first_rows(head[start:]), dim)
    else:
        reader.read(bom)
        dim = _guess_dim(rows.path, head[bom:])
    for data in _whole_lines(reader, dim, rows.path, line):
        while data and rows.left > 0:
            part, data = _split(data, rows.left)
            _read_chunk(part, dim, line, rows, promised)
            line += part.count(b"\n")
        if rows.left <= 0:
            return Table(*rows.join())
    if promised is not None and rows.read < promised:
        raise rows.short(len(rows.words), promised)
    return Table(*rows.join())


def check_header(
    path: str | Path, size: int, dim: int, bytes_per_row: int, file_size: float
) -> None:
    """Makes sure that a header can be true.

    Args:
      path: the path of the file.
      size: words that it promises.
      dim: numbers that it promises for each.
      bytes_per_row: the shortest row.
      file_size: the size of the whole file (bytes); infinite if it is not known.

    Raises:
      InputError: it cannot.
    """
    if size == 0 or dim == 0:
        raise InputError(f"{path}:1: the header promises {size} words of {dim} numbers")
    if bytes_per_row > file_size + 1:
        raise InputError(
            f"{path}: cut short, or its header is wrong: it promises {size:,} words of {dim:,} "
            f"numbers, and {file_size:,} bytes cannot hold one of them; get the file again"
        )


def _split(data: bytes, lines: float) -> tuple[bytes, bytes]:
    """So many first lines, and the rest."""
    if data.count(b"\n") <= lines:
        return data, b""
    *first, rest = data.split(b"\n", int(lines))
    return b"\n".join(first) + b"\n", rest


def _guess_dim(path: str | Path, head: bytes) -> int:
    """How many numbers most of the first lines end in; a few words may end in numbers as well."""
    lines = _first_rows(head)
    numbers = []
    for fields in lines:
        count = 0
        while count < len(fields) - 1 and is_number(fields[-1 - count]):
            count += 1
        numbers.append(count)
    dim = max(set(numbers), key=lambda n: (numbers.count(n), -n), default=0)
    if dim == 0:
        shown = head.lstrip()[:40]
        raise InputError(f"{path}:1: expected a word and its numbers, got {shown!r}")
    if dim == 1 and all(len(fields) > 2 for fields in lines):
        raise InputError(
            f"{path}: holds no vectors, but words and one number a line: it looks like a file of "
            "scored pairs"
        )
    _check_words(path, lines, dim)
    _refuse_counts(path, lines, dim)
    return dim


def _first_rows(head: bytes) -> list[list[bytes]]:
    """The fields of the first lines, those that are there as a whole if there are any."""
    lines = [line.split() for line in head.split(b"\n")[: LINES_TO_GUESS + 1]]
    return [fields for fields in (lines[:-1] or lines) if fields]


def _check_words(path: str | Path, rows: list[list[bytes]], dim: int) -> None:
    """Refuses a matrix without words: the first number of each row would become its word."""
    words = [b" ".join(row[: len(row) - dim]) for row in rows if len(row) > dim]
    if words and all(is_number(word) and b"." in word for word in words):
        raise InputError(
            f"{path}: holds numbers and no words; give the file in which each line begins with its "
            "word, or put the words before the numbers"
        )


def _refuse_counts(path: str | Path, rows: list[list[bytes]], dim: int) -> None:
    ends = (row[max(len(row) - dim, 0) :] for row in rows)
    found = [number for end in ends for number in end if is_number(number)]
    if dim <= 3 and found and all(n.isdigit() for n in found) and max(map(len, found)) > 1:
        raise InputError(
            f"{path}: holds no vectors: it looks like a file of counts, a word and how often it "
            "occurs in each line"
        )


def _whole_lines(reader: Reader, dim: int, path: str | Path, line: int) -> Iterator[bytes]:
    """The rest of a file in pieces that end where a line does."""
    rest, longest = b"", LONGEST_WORD + LONGEST_NUMBER * dim
    while data := reader.read(CHUNK_BYTES):
        data = rest + data
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        line += data.count(b"\n", 0, cut)
        if len(rest) > longest:
            raise InputError(
                f"{path}:{line}: is longer than a word and {dim} numbers can be; this is not a "
                "text file of vectors, or it is damaged"
            )
        if cut:
            yield data[:cut]
    if rest.strip():
        yield rest


def _read_chunk(data: bytes, dim: int, line: int, rows: Rows, promised: int | None) -> None:
    data = data.replace(b"\t", b" ").replace(b"\r\n", b"\n").replace(b" \n", b"\n")
    if not data.endswith(b"\n"):
        warnings.warn(
            f"{rows.path}: its last line has no end: it may be cut short",
            RuntimeWarning,
            stacklevel=2,
        )
        data += b"\n"
    words, vectors = _parse_fast(data, dim)
    numbers: Sequence[int] = range(line, line + len(words))
    if vectors is None:
        words, vectors, numbers = _parse_lines(data, dim, line, rows)
    if promised is not None and rows.read + len(words) > promised:
        raise rows.goes_on(f"{rows.path}:{numbers[promised - rows.read]}", promised)
    rows.add(words, vectors, numbers)


def _parse_fast(data: bytes, dim: int) -> tuple[Sequence[str | None], np.ndarray | None]:
    """Lines of one form only; all else is left to :func:`_parse_lines`, which is slow."""
    if data.startswith(BOM):
        # polars takes the first one for that of the file.
        data = BOM + data
    schema = {"word": pl.String} | {str(i): pl.Float32 for i in range(dim)}
    try:
        frame = pl.read_csv(
            data,
            has_header=False,
            separator=" ",
            quote_char=None,
            schema=schema,
            glob=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        # An OSError: polars takes some words at the start for compressed data.
        return [], None
    if len(frame) != data.count(b"\n"):
        return [], None
    if sum(frame.null_count().row(0)):
        return [], None
    words = frame.drop_in_place("word").to_list()
    return words, np.ascontiguousarray(frame.to_numpy())


def _parse_lines(
    data: bytes, dim: int, line: int, rows: Rows
) -> tuple[list[str | None], np.ndarray, list[int]]:
    words: list[str | None] = []
    numbers: list[int] = []
    lines = data.rstrip().split(b"\n") if data.strip() else []
    vectors = np.zeros((len(lines), dim), np.float32)
    for number, text in enumerate(lines, start=line):
        fields = text.split()
        numbers.append(number)
        found = fields[len(fields) - dim :] if len(fields) > dim else []
        word = b" ".join(fields[: len(fields) - dim])
        if b"\r" in text.rstrip():
            rows.refuse(number, "holds a carriage return inside the line")
            words.append(None)
        elif not found or (len(fields) > dim + 1 and is_number(fields[-dim - 1])):
            got = sum(map(is_number, fields[1:]))
            rows.refuse(number, f"expected a word and {dim} numbers, got {got} numbers")
            words.append(None)
        elif not all(map(is_number, found)):
            wrong = next(field for field in found if not is_number(field))
            rows.refuse(number, f"holds something that is not a number: {wrong[:40]!r}")
            words.append(None)
        else:
            vectors[len(words)] = np.array(found, np.float64).astype(np.float32)
            words.append(rows.decode(word, number))
    return words, vectors, numbers


def write_text(
    file: io.BufferedIOBase, words: Sequence[str], vectors: Vectors, header: bool
) -> None:
    """Writes a line for each word: the word and its numbers, each as short as float32 allows.

    Args:
      file: open for writing.
      words: V words.
      vectors: float32 [V, D].
      header: begin with the line ``V D``.
    """
    start = 0
    if header:
        file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
    for piece in pieces(vectors, len(words)):
        frame = pl.DataFrame(piece, schema=[str(i) for i in range(piece.shape[1])])
        names = pl.Series("word", words[start : start + len(piece)])
        frame.insert_column(0, names).write_csv(  # type: ignore[call-overload]
            file, include_header=False, separator=" ", quote_style="never"
        )
        start += len(piece)
