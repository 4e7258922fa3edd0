"""From files or Python iterables to batches of lines, in bounded memory."""

from __future__ import annotations

import codecs
import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from jaxw2v.compression import DAMAGED, ENDINGS, open_compressed
from jaxw2v.config import TextSettings
from jaxw2v.errors import InputError

CHUNK_BYTES = 1 << 22
LINES_PER_BATCH = 1 << 16


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


_TABLES = {
    ".parquet": pl.scan_parquet,
    ".csv": lambda path: pl.scan_csv(path, infer_schema=False),
    ".tsv": lambda path: pl.scan_csv(path, infer_schema=False, separator="\t"),
    ".jsonl": pl.scan_ndjson,
    ".ndjson": pl.scan_ndjson,
    ".arrow": pl.scan_ipc,
    ".feather": pl.scan_ipc,
}


def is_table(path: str) -> bool:
    """Whether polars scans the file, by its ending, rather than it being lines of text."""
    return Path(path).suffix.lower() in _TABLES


def _refuse_compressed_table(path: str) -> None:
    *_, inner, outer = ["", "", *Path(path).suffixes]
    if outer.lower() in ENDINGS and inner.lower() in _TABLES:
        raise InputError(
            f"{path}: a table in a compressed file cannot be read; decompress it first"
        )


def is_remote(path: str) -> bool:
    """Whether the path is an address such as ``hf://`` or ``s3://``, which polars opens."""
    return "://" in path


def expand_paths(paths: Sequence[str | os.PathLike]) -> list[str]:
    """Expands globs and checks that every input is a file.

    Args:
      paths: paths, globs (``**`` too), or addresses of tables that polars can scan.

    Returns:
      Paths in the order given, those of a glob sorted.

    Raises:
      InputError: a path does not exist, is a directory, or a glob matches nothing.

    Example:
      >>> expand_paths(["no-such-file.txt"])
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: no-such-file.txt: no such file
    """
    found = []
    for path in map(os.fspath, paths):
        _refuse_compressed_table(path)
        if is_remote(path):
            if not is_table(path):
                raise InputError(f"{path}: an address must end in {', '.join(_TABLES)}")
            found.append(path)
        elif os.path.isdir(path):
            raise InputError(f"{path}: is a directory; name its files, such as '{path}/*.txt'")
        elif os.path.exists(path):
            found.append(path)
        elif matches := sorted(p for p in glob.glob(path, recursive=True) if os.path.isfile(p)):
            found.extend(matches)
        else:
            raise InputError(f"{path}: no such file")
    return found


def read_paths(
    paths: Sequence[str], config: TextSettings, on_bytes: Callable[[int], object] = lambda n: None
) -> Iterator[Batch]:
    """Reads files one after another.

    Args:
      paths: what :func:`expand_paths` returned.
      config: ``errors`` and ``text_column`` are used.
      on_bytes: called with the bytes of each file passed since the last call, as stored.

    Yields:
      Batches of about 4 MB of text.

    Raises:
      InputError: a file is not UTF-8, damaged, or has no such column.
    """
    for path in paths:
        if is_table(path):
            yield from _read_table(path, config.text_column)
            on_bytes(0 if is_remote(path) else os.path.getsize(path))
        else:
            yield from _read_text(path, config.errors, on_bytes)


def _read_text(path: str, errors: str, on_bytes: Callable[[int], object]) -> Iterator[Batch]:
    line, position, continues, rest = 1, 0, False, b""
    first = True
    try:
        with open(path, "rb") as raw, open_compressed(path, raw) as stream:
            while data := stream.read(CHUNK_BYTES):
                on_bytes(raw.tell() - position)
                position = raw.tell()
                if first:
                    data = data.removeprefix(codecs.BOM_UTF8)
                    first = False
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
    except DAMAGED as error:
        raise InputError(f"{path}: damaged or cut short: {error}") from None
    except OSError as error:
        # bz2 reports damage as an OSError without an errno.
        reason = error.strerror or f"damaged: {error}"
        raise InputError(f"{path}: {reason}") from None


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


def _read_table(path: str, column: str) -> Iterator[Batch]:
    try:
        table = _TABLES[Path(path).suffix.lower()](path)
        names = table.collect_schema().names()
        if column not in names:
            raise InputError(
                f"{path}: no column {column!r}; it has {', '.join(names)} (--text-column)"
            )
        table = table.select(pl.col(column).cast(pl.String).fill_null(""))
        for frame in table.collect_batches(chunk_size=LINES_PER_BATCH, maintain_order=True):
            yield Batch(frame[column])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None


def read_iterable(corpus: Iterable) -> Iterator[Batch]:
    """Reads a Python corpus.

    Args:
      corpus: a re-iterable of strings, or of lists of words.

    Yields:
      Batches of 65,536 sentences at most.

    Raises:
      InputError: a one-shot iterator, or an item that is neither text nor a list of words.
    """
    if iter(corpus) is corpus:
        raise InputError(
            "the corpus is a one-shot iterator, such as a generator: it can be read once only, "
            "training may read it again; give a list, or an object whose __iter__ starts anew"
        )
    batch: list = []
    kind: type | None = None
    for number, sentence in enumerate(corpus):
        is_text = isinstance(sentence, str)
        if not is_text:
            sentence = list(sentence) if isinstance(sentence, Iterable) else None
            if sentence is None or not all(isinstance(word, str) for word in sentence):
                raise InputError(f"corpus item {number} is neither a string nor a list of words")
        if kind is not None and is_text != (kind is str):
            raise InputError(f"corpus item {number}: strings and lists of words are mixed")
        kind = str if is_text else list
        batch.append(sentence)
        if len(batch) == LINES_PER_BATCH:
            yield _iterable_batch(batch, is_text)
            batch = []
    if batch:
        yield _iterable_batch(batch, kind is str)


def _iterable_batch(batch: list, is_text: bool) -> Batch:
    if is_text:
        return Batch(pl.Series(batch, dtype=pl.String))
    return Batch(pl.Series(batch, dtype=pl.List(pl.String)), tokenized=True)
