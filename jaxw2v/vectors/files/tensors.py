"""safetensors: the tables of a run's folder, and files that hold their words as well."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors import SafetensorError

from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.errors import InputError
from jaxw2v.vectors.files.opening import Reader
from jaxw2v.vectors.files.rows import Rows, Table, empty_table

INPUT, OUTPUT = "input_embedding", "output_embedding"
# Words as the bytes of their UTF-8, parted by line feeds.
WORDS, COUNTS = "words", "counts"
_DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1"}
_CODES = {np.dtype(dtype): code for code, dtype in _DTYPES.items()}


def write_tensors(
    path: Path,
    tables: Mapping[str, Vectors],
    size: int,
    others: Mapping[str, np.ndarray] = {},
    about: Mapping[str, str] = {},
) -> None:
    """Writes a file of tables; the format's own writer wants whole ones in the host's memory.

    Args:
      path: the file.
      tables: float32 [V, D] by name.
      size: V.
      others: further arrays, by name.
      about: what else there is to say of them.
    """
    with open(path, "wb") as file:
        _write(file, tables, size, others, about)


def _write(
    file: io.BufferedIOBase,
    tables: Mapping[str, Vectors],
    size: int,
    others: Mapping[str, np.ndarray],
    about: Mapping[str, str] = {},
) -> None:
    header: dict[str, dict[str, Any]] = {"__metadata__": dict(about)} if about else {}
    end = 0
    shapes = {name: ("F32", (size, rows.shape[1]), 4) for name, rows in tables.items()}
    shapes |= {n: (_CODES[a.dtype], a.shape, a.dtype.itemsize) for n, a in others.items()}
    for name, (dtype, shape, itemsize) in shapes.items():
        begin, end = end, end + itemsize * int(np.prod(shape))
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for rows in tables.values():
        for piece in pieces(rows, size):
            file.write(np.ascontiguousarray(piece, "<f4").data)
    for array in others.values():
        file.write(np.ascontiguousarray(array).data)


def read_about(path: Path) -> dict[str, str]:
    """What a file says of its tables.

    Args:
      path: the file.

    Returns:
      As it was given to :func:`write_tensors`.

    Raises:
      InputError: it is missing or damaged.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or cut short: {error}") from None


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Reads all tensors of a file.

    Args:
      path: the file.

    Returns:
      Arrays by name, tables where a CPU device can use them.

    Raises:
      InputError: it is missing or damaged.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as checked, open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
            tensors = {}
            for name in checked.keys():  # noqa: SIM118
                entry = header[name]
                if entry["dtype"] != "F32" or len(entry["shape"]) != 2:
                    tensors[name] = checked.get_tensor(name)
                    continue
                tensors[name] = empty_table(*entry["shape"])
                file.seek(8 + length + entry["data_offsets"][0])
                file.readinto(tensors[name].reshape(-1).view(np.uint8))
            return tensors
    except AttributeError as error:
        raise InputError(
            f"{path}: holds numbers of a kind that NumPy has not: {error}; store it as float32"
        ) from None
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: damaged or cut short: {error}") from None


def table_of(tensors: Mapping[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    """One of the tables of a file.

    Args:
      tensors: the tensors of the file.
      name: the name of the table.
      path: the path of the file, for errors.

    Returns:
      float32 [V, D].

    Raises:
      InputError: it is not there, or no table of numbers.
    """
    if name not in tensors:
        raise InputError(f"{path}: holds no {name}, only {', '.join(tensors) or 'nothing'}")
    table = tensors[name]
    if table.ndim != 2 or 0 in table.shape or not np.issubdtype(table.dtype, np.floating):
        raise InputError(
            f"{path}: {name} is {table.dtype} {list(table.shape)}; expected [words, components]"
        )
    return np.asarray(table, np.float32)


def write_with_words(
    file: io.BufferedIOBase, words: Sequence[str], counts: np.ndarray, vectors: Vectors
) -> None:
    """Writes vectors, words and counts into one file.

    Args:
      file: open for writing.
      words: V words.
      counts: int64 [V].
      vectors: float32 [V, D].
    """
    others: dict[str, np.ndarray] = {
        WORDS: np.frombuffer("\n".join(words).encode(), np.uint8),
        COUNTS: np.asarray(counts, np.int64),
    }
    _write(file, {INPUT: vectors}, len(words), others)


def is_safetensors(head: bytes) -> bool:
    """Whether a file begins as safetensors do: the length of a description, and the description.

    Args:
      head: its start.

    Returns:
      Whether it does.
    """
    return len(head) > 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 1 << 32


def read_with_words(reader: Reader, rows: Rows) -> Table:
    """Reads what :func:`write_with_words` wrote, compressed or not.

    Args:
      reader: the reader of the file.
      rows: receives the rows.

    Returns:
      What the file holds.

    Raises:
      InputError: it is damaged, or holds no words.
    """
    rows.unit = "word"
    if reader.is_compressed:
        content = b"".join(iter(lambda: reader.read(1 << 24), b""))
        tensors = _from_bytes(reader.path, content)
    else:
        tensors = read_tensors(reader.path)
    if WORDS not in tensors:
        raise InputError(
            f"{reader.path}: holds no words, only {', '.join(tensors) or 'nothing'}; give the "
            "folder in which its vocabulary or tokenizer lies too"
        )
    words = tensors[WORDS].tobytes().split(b"\n")
    vectors = table_of(tensors, INPUT, reader.path)
    counts = tensors.get(COUNTS)
    if len(words) != len(vectors):
        raise InputError(
            f"{reader.path}: holds {len(words)} words and {len(vectors)} vectors; restore the file"
        )
    if counts is not None:
        sound = np.issubdtype(counts.dtype, np.integer) and counts.shape == (len(words),)
        if not sound or counts.min(initial=0) < 0:
            raise InputError(
                f"{reader.path}: its {COUNTS} are not a whole number a word; restore the file"
            )
    size = rows.wanted(len(words))
    named = [rows.decode(word, number) for number, word in enumerate(words[:size], start=1)]
    rows.add(named, vectors[:size], range(1, size + 1))
    if counts is not None:
        counts = counts[[number - 1 for number in rows.words.values()]]
    return Table(*rows.join(), counts)


def _from_bytes(path: Path, content: bytes) -> dict[str, np.ndarray]:
    try:
        views = dict(safetensors.deserialize(content))
        if others := {view["dtype"] for view in views.values()} - set(_DTYPES):
            raise InputError(f"{path}: holds {', '.join(others)}; decompress it first")
        return {
            name: np.frombuffer(view["data"], _DTYPES[view["dtype"]]).reshape(view["shape"])
            for name, view in views.items()
        }
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{path}: damaged or cut short: {error}") from None
