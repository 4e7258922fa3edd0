"""From files to batches of lines, in bounded memory."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import polars as pl

from jaxw2v.compression import damage_named, is_zip, open_compressed, open_zip
from jaxw2v.config import TextSettings
from jaxw2v.corpus.kinds import ARROW, BY_ENDING, HEAD, PARQUET, TEXT, ending, kind_of
from jaxw2v.corpus.paths import is_remote
from jaxw2v.corpus.rows import RowCounts, no_column, read_rows
from jaxw2v.errors import InputError

CHUNK_BYTES = 1 << 22
LINES_PER_BATCH = 1 << 16
# Where a carriage return stands at least so often, lines end in it (bytes).
LONGEST_OLD_LINE = 10_000
_SCANS: dict[str, Callable[..., pl.LazyFrame]] = {PARQUET: pl.scan_parquet, ARROW: pl.scan_ipc}


class Batch(NamedTuple):
    """Some lines of a corpus.

    Attributes:
      lines: a series of text, or of lists of words where ``tokenized``.
      continues: the first line goes on from the last line of the batch before.
      tokenized: the lines are words already.
    """

    lines: pl.Series
    continues: bool = False
    tokenized: bool = False


def read_paths(
    paths: Sequence[str], config: TextSettings, on_bytes: Callable[[int], object] = lambda n: None
) -> Iterator[Batch]:
    """Reads files one after another.

    Args:
      paths: what :func:`jaxw2v.corpus.paths.expand_paths` returned.
      config: ``errors``, ``text_column`` and ``table_quotes`` are used.
      on_bytes: called with the bytes of each file passed since the last call, as stored.

    Yields:
      Batches of about 4 MB of text.

    Raises:
      InputError: a file is not text, not UTF-8, damaged, has no such column, or has a row that
        does not fit.
    """
    counts = RowCounts()
    for path in paths:
        if is_remote(path):
            yield from _read_remote(path, config, counts)
        else:
            yield from _read_file(path, config, counts, on_bytes)
    if not counts.rows and config.text_column != TextSettings.text_column:
        raise InputError(
            f"{paths[0]}: is plain text, and has no column {config.text_column!r}; leave "
            "--text-column out, or name a table .csv, .tsv or .jsonl"
        )
    counts.warn(config.text_column)


def _read_remote(path: str, config: TextSettings, counts: RowCounts) -> Iterator[Batch]:
    kind = BY_ENDING[ending(path)]
    if kind in _SCANS:
        yield from _scan(path, kind, config.text_column, counts)
        return
    frames = _frames(path, pl.scan_lines(path))
    lines = (f"{line}\n" for frame in frames for line in frame["line"])
    yield from _row_batches(kind, path, _without_mark(lines), config, counts)


def _read_file(
    path: str, config: TextSettings, counts: RowCounts, on_bytes: Callable[[int], object]
) -> Iterator[Batch]:
    with _opened(path) as (raw, stream):
        head = stream.read(HEAD)
        name = stream.name if isinstance(stream, zipfile.ZipExtFile) else path
        kind = kind_of(path, name, head, config.text_column)
        stream.seek(0)
        if kind in _SCANS and stream is not raw:
            raise InputError(f"{path}: is a compressed {kind} table; decompress it first")
        if kind in _SCANS:
            batches = _scan(path, kind, config.text_column, counts)
        elif kind == TEXT:
            batches = _read_text(path, stream, config.errors)
        else:
            lines = _without_mark(_lines(path, stream, config.errors))
            batches = _row_batches(kind, path, lines, config, counts)
        passed = 0
        for batch in batches:
            on_bytes(raw.tell() - passed)
            passed = raw.tell()
            yield batch
        on_bytes(os.path.getsize(path) - passed)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[io.BufferedReader, io.BufferedIOBase]]:
    """A file, and its content decompressed."""
    with damage_named(path), open(path, "rb") as raw:
        stream = open_zip(path, raw) if is_zip(raw) else open_compressed(path, raw)
        with stream:
            yield raw, stream


def _read_text(path: str, stream: io.BufferedIOBase, errors: str) -> Iterator[Batch]:
    line, continues, rest = 1, False, b""
    first = True
    while data := stream.read(CHUNK_BYTES):
        if first:
            data = data.removeprefix(codecs.BOM_UTF8)
            first = False
            if b"\n" not in data and data.count(b"\r") > 2 + len(data) // LONGEST_OLD_LINE:
                raise InputError(
                    f"{path}: its lines end in carriage returns alone; convert it (tr '\\r' '\\n')"
                )
        data = rest + data
        cut, ends_line = _cut(data)
        if cut == 0:
            rest = data
            continue
        rest, data = data[cut:], data[:cut]
        text = _decode(data, errors, path, line)
        line += data.count(b"\n")
        yield Batch(pl.Series(text.removesuffix("\n").split("\n")), continues)
        continues = not ends_line
    if rest:
        text = _decode(rest, errors, path, line)
        yield Batch(pl.Series(text.split("\n")), continues)


def _cut(data: bytes) -> tuple[int, bool]:
    """Where a batch may end, and whether a line ends there; a longer line ends at a space."""
    cut = data.rfind(b"\n") + 1
    if cut:
        return cut, True
    return data.rfind(b" ") + 1, False


def _decode(data: bytes, errors: str, path: str, line: int) -> str:
    try:
        return data.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise InputError(
            f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); "
            "convert the file, or use --errors replace to go on"
        ) from None


def _lines(path: str, stream: io.BufferedIOBase, errors: str) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        yield _decode(line, errors, path, number)


def _without_mark(lines: Iterator[str]) -> Iterator[str]:
    """Lines without the byte order mark before the first."""
    for line in lines:
        yield line.removeprefix("\ufeff")
        break
    yield from lines


def _row_batches(
    kind: str, path: str, lines: Iterator[str], config: TextSettings, counts: RowCounts
) -> Iterator[Batch]:
    texts: list[str] = []
    size = 0
    for text in read_rows(kind, path, lines, config, counts):
        texts.append(text)
        size += len(text)
        if size >= CHUNK_BYTES:
            yield Batch(pl.Series(texts))
            texts, size = [], 0
    if texts:
        yield Batch(pl.Series(texts))


def _scan(path: str, kind: str, column: str, counts: RowCounts) -> Iterator[Batch]:
    """The texts of a table that polars reads."""
    try:
        table = _SCANS[kind](path, glob=is_remote(path))
        schema = table.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    if column not in schema:
        raise no_column(path, column, schema.names())
    if schema[column].is_nested() or schema[column] == pl.Boolean:
        raise InputError(
            f"{path}: column {column!r} holds {schema[column]}, not text (choose another by "
            "--text-column)"
        )
    # A number that is no number is how some write a missing text.
    text = pl.col(column).fill_nan(None) if schema[column].is_float() else pl.col(column)
    for frame in _frames(path, table.select(text.cast(pl.String))):
        texts = frame[column].filter(frame[column].str.len_bytes() > 0)
        counts.rows += len(frame)
        counts.without_text += len(frame) - len(texts)
        yield Batch(texts)


def _frames(path: str, table: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    try:
        yield from table.collect_batches(chunk_size=LINES_PER_BATCH, maintain_order=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: Exception) -> InputError:
    return InputError(f"{path}: cannot be read: {str(error).splitlines()[0]}")
