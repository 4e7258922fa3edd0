"""Files of word vectors."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import jax
import numpy as np
from safetensors import SafetensorError, safe_open

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError
from jaxw2v.vectors.cut_rows import Rows, pieces

VECTORS, VOCABULARY = "vectors.safetensors", "vocabulary.tsv"


def save_folder(
    folder: str | Path,
    vocabulary: Vocabulary,
    vectors: Rows,
    output_vectors: Rows | None = None,
) -> None:
    """Writes vectors (safetensors) and vocabulary (text).

    Vectors that are cut over devices pass through the host a piece at a time. Where there are many
    processes, all have to call this and the first one writes.

    Args:
      folder: made if missing.
      vocabulary: V words.
      vectors: float32 [V, D].
      output_vectors: float32 [V, D], or ``None``.
    """
    folder = Path(folder)
    tensors = {"input_embedding": vectors}
    if output_vectors is not None:
        tensors["output_embedding"] = output_vectors
    with (
        _by_first_process(folder / VOCABULARY) as vocabulary_path,
        _by_first_process(folder / VECTORS) as vectors_path,
    ):
        vocabulary.save(vocabulary_path)
        _write_tensors(vectors_path, tensors, len(vocabulary))


@contextlib.contextmanager
def _by_first_process(path: Path) -> Iterator[Path]:
    if jax.process_index() > 0:
        yield Path(os.devnull)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with renamed_when_complete(path) as temporary:
        yield temporary


def _write_tensors(path: Path, tensors: dict[str, Rows], size: int) -> None:
    """The safetensors format; its own writer wants whole arrays in the host's memory."""
    header, end = {}, 0
    for name, rows in tensors.items():
        begin, end = end, end + 4 * size * rows.shape[1]
        shape = [size, rows.shape[1]]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for rows in tensors.values():
            for piece in pieces(rows, size):
                file.write(np.ascontiguousarray(piece, "<f4"))


def load_folder(folder: str | Path) -> tuple[Vocabulary, np.ndarray, np.ndarray | None]:
    """Reads what :func:`save_folder` wrote.

    Args:
      folder: the folder.

    Returns:
      The vocabulary, float32 [V, D] vectors, and the output vectors or ``None``.

    Raises:
      InputError: a file is missing or damaged.
    """
    folder = Path(folder)
    if not (folder / VECTORS).is_file():
        raise InputError(f"{folder}: holds no {VECTORS}; give a folder that jaxw2v train wrote")
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    try:
        with safe_open(folder / VECTORS, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(f"{folder / VECTORS}: damaged or cut short: {error}") from None
    if "input_embedding" not in tensors:
        raise InputError(f"{folder / VECTORS}: holds no input_embedding")
    return vocabulary, tensors["input_embedding"], tensors.get("output_embedding")


def save_word2vec(path: str | Path, words: Sequence[str], vectors: Rows, binary: bool) -> None:
    """Writes word2vec.c's text or binary format.

    Args:
      path: the file.
      words: V words.
      vectors: float32 [V, D].
      binary: the binary form.

    Raises:
      InputError: a word holds white space.
    """
    for word in words:
        if len(word.split()) != 1:
            raise InputError(f"the word {word!r} holds white space, which word2vec files cannot")
    rows = (row for piece in pieces(vectors, len(words)) for row in piece)
    with _by_first_process(Path(path)) as temporary, open(temporary, "wb") as file:
        file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
        for word, row in zip(words, rows, strict=True):
            if binary:
                file.write(word.encode() + b" " + row.tobytes() + b"\n")
            else:
                file.write(f"{word} {' '.join(map(_shortest, row))}\n".encode())


def _shortest(number: np.float32) -> str:
    return np.format_float_positional(number, trim="-")


def load_word2vec(path: str | Path, binary: bool) -> tuple[tuple[str, ...], np.ndarray]:
    """Reads word2vec.c's text or binary format.

    Args:
      path: the file.
      binary: the binary form.

    Returns:
      V words, and float32 [V, D] vectors.

    Raises:
      InputError: the file is missing, its header wrong, or it is cut short.
    """
    try:
        with open(path, "rb") as file:
            size, dim = _header(path, file.readline(100))
            if os.path.getsize(path) < size * dim * (4 if binary else 2):
                raise InputError(f"{path}: cut short: its header promises {size} x {dim} numbers")
            words, vectors = [], np.empty((size, dim), np.float32)
            read = _read_binary_row if binary else _read_text_row
            for number in range(size):
                word, vectors[number] = read(path, file, number, dim)
                words.append(word)
            if file.read().strip():
                raise InputError(f"{path}: goes on after the {size} words its header promises")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: word {len(words) + 1} is not UTF-8") from None
    if len(set(words)) != len(words):
        raise InputError(f"{path}: a word stands there twice")
    return tuple(words), vectors


def _header(path: str | Path, line: bytes) -> tuple[int, int]:
    parts = line.split()
    if len(parts) != 2 or not all(p.isdigit() and int(p) > 0 for p in parts):
        raise InputError(f"{path}:1: expected a header 'words dimension', got {line[:40]!r}")
    return int(parts[0]), int(parts[1])


def _read_text_row(
    path: str | Path, file: IO[bytes], number: int, dim: int
) -> tuple[str, np.ndarray]:
    line = file.readline()
    if not line:
        raise InputError(f"{path}: cut short: it holds {number} words, its header promises more")
    word, _, rest = line.rstrip().partition(b" ")
    try:
        row = np.array(rest.split(), np.float32)
    except ValueError:
        raise InputError(f"{path}:{number + 2}: holds something that is not a number") from None
    if len(row) != dim:
        raise InputError(f"{path}:{number + 2}: expected a word and {dim} numbers, got {len(row)}")
    return word.decode(), row


def _read_binary_row(
    path: str | Path, file: IO[bytes], number: int, dim: int
) -> tuple[str, np.ndarray]:
    word = bytearray()
    while (byte := file.read(1)) not in (b" ", b""):
        word += byte
    data = file.read(4 * dim)
    if len(data) < 4 * dim:
        raise InputError(f"{path}: cut short: word {number + 1} has no complete vector")
    # word2vec.c ends each row by a line feed, others do not.
    return bytes(word).lstrip(b"\n").decode(), np.frombuffer(data, np.float32)
