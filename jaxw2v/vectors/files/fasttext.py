"""fastText's binary format: words with counts, and rows of words and buckets of n-grams."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.devices.row_sharding import pieces
from jaxw2v.errors import InputError
from jaxw2v.subwords import Ngrams
from jaxw2v.vectors.files.opening import Reader
from jaxw2v.vectors.files.rows import Rows, Table, empty_table
from jaxw2v.vectors.subword_vectors import SubwordVectors

MAGIC, VERSION = 793_712_314, 12
SUPERVISED, HIERARCHICAL_SOFTMAX = 3, 1
ROWS_AT_ONCE = 65_536
CHUNK_BYTES = 1 << 24
# A word that is longer is none.
LONGEST_WORD = 1 << 20


class _Arguments(NamedTuple):
    """What a file says of the run that made it; of ours what fastText's own defaults are."""

    dim: int
    ws: int = 5
    epoch: int = 5
    min_count: int = 1
    neg: int = 5
    word_ngrams: int = 1
    loss: int = 2
    model: int = 2
    bucket: int = 0
    minn: int = 0
    maxn: int = 0
    lr_update_rate: int = 100
    t: float = 1e-4


_ARGUMENTS = struct.Struct("<12id")
_DICTIONARY = struct.Struct("<iiiqq")
_ENTRY = struct.Struct("<qb")
_SHAPE = struct.Struct("<?qq")


def is_fasttext(head: bytes) -> bool:
    """Whether a file begins as fastText's do.

    Args:
      head: its start.

    Returns:
      Whether it does.
    """
    return head[:4] == struct.pack("<i", MAGIC)


def write_fasttext(
    file: io.BufferedIOBase,
    words: Sequence[str],
    counts: np.ndarray,
    subwords: SubwordVectors | None,
    output_vectors: Vectors | None,
) -> None:
    """Writes vectors of words and n-grams; buckets of no word of the vocabulary are zeros.

    Args:
      file: open for writing.
      words: V words.
      counts: int64 [V].
      subwords: the rows of words and n-grams.
      output_vectors: float32 [V, D]; ``None`` writes zeros.

    Raises:
      InputError: there are no rows of n-grams.
    """
    if subwords is None:
        raise InputError(
            "fasttext-bin holds vectors of n-grams, and there are none; train with --subwords, or "
            "choose another format"
        )
    ngrams, (size, dim) = subwords.ngrams, (len(words), subwords.own.shape[1])
    arguments = _Arguments(dim, bucket=ngrams.buckets, minn=ngrams.shortest, maxn=ngrams.longest)
    file.write(struct.pack("<ii", MAGIC, VERSION) + _ARGUMENTS.pack(*arguments))
    file.write(_DICTIONARY.pack(size, size, 0, int(counts.sum()), -1))
    for word, count in zip(words, counts.tolist(), strict=True):
        file.write(word.encode() + b"\0" + _ENTRY.pack(count, 0))
    file.write(_SHAPE.pack(False, size + ngrams.buckets, dim))
    file.write(np.ascontiguousarray(subwords.own[:size], "<f4").data)
    for first in range(0, ngrams.buckets, ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, ngrams.buckets)
        here = slice(*np.searchsorted(subwords.buckets, (first, last)))
        rows = np.zeros((last - first, dim), "<f4")
        rows[subwords.buckets[here] - first] = subwords.rows_at(subwords.rows[here])
        file.write(rows.data)
    file.write(_SHAPE.pack(False, size, dim))
    if output_vectors is None:
        output_vectors = np.zeros((size, dim), np.float32)
    for piece in pieces(output_vectors, size):
        file.write(np.ascontiguousarray(piece, "<f4").data)


def read_fasttext(reader: Reader, rows: Rows) -> Table:
    """Reads vectors of words and n-grams.

    Args:
      reader: the reader of the file.
      rows: receives the rows of words.

    Returns:
      What the file holds.

    Raises:
      InputError: it is cut short, of another version, of a classifier, or quantised.
    """
    rows.unit = "word"
    _, version = struct.unpack("<ii", _exactly(reader, 8))
    if version != VERSION:
        raise InputError(
            f"{reader.path}: is of version {version} of fastText's format, and {VERSION} is read; "
            "load it with fastText and save it again"
        )
    arguments = _Arguments(*_ARGUMENTS.unpack(_exactly(reader, _ARGUMENTS.size)))
    size, num_words, _, _, pruned = _DICTIONARY.unpack(_exactly(reader, _DICTIONARY.size))
    if arguments.model == SUPERVISED or size != num_words:
        raise InputError(
            f"{reader.path}: is a classifier of fastText's (supervised); vectors of cbow and "
            "skipgram are read"
        )
    has_ngrams = arguments.maxn > 0 and arguments.bucket > 0
    shortest = max(arguments.minn, 1)
    if size < 1 or arguments.dim < 1 or (has_ngrams and shortest > arguments.maxn):
        raise InputError(
            f"{reader.path}: is damaged: {size} words of {arguments.dim} components, n-grams of "
            f"{arguments.minn} to {arguments.maxn} characters; get the file again"
        )
    words, counts = _read_words(reader, num_words)
    is_quantised, num_rows, dim = _SHAPE.unpack(_exactly(reader, _SHAPE.size))
    if is_quantised or pruned >= 0:
        raise InputError(
            f"{reader.path}: is quantised (.ftz), which is not read; give the .bin that it was "
            "made from"
        )
    if dim != arguments.dim or num_rows != num_words + (arguments.bucket if has_ngrams else 0):
        raise InputError(f"{reader.path}: is damaged: {num_rows} rows of {dim} for {size} words")
    if 4 * num_rows * dim > reader.size:
        raise _cut_short(reader)
    own = _read_rows(reader, num_words, dim)
    wanted = rows.wanted(num_words)
    named = [rows.decode(word, number) for number, word in enumerate(words[:wanted], start=1)]
    rows.add(named, own[:wanted], range(1, wanted + 1))
    names, own = rows.join()
    kept = [number - 1 for number in rows.words.values()]
    counts = counts[kept]
    shared = _read_rows(reader, arguments.bucket if has_ngrams else 0, dim)
    output_vectors = _read_output(reader, arguments, num_words, kept)
    if not has_ngrams:
        return Table(names, own, counts, output_vectors)
    buckets = np.arange(arguments.bucket, dtype=np.int32)
    ngrams = Ngrams(shortest, arguments.maxn, arguments.bucket)
    subwords = SubwordVectors(ngrams, own, shared, buckets, buckets + np.int32(len(own)))
    return Table(names, subwords(names, np.arange(len(names))), counts, output_vectors, subwords)


def _read_output(
    reader: Reader, arguments: _Arguments, size: int, kept: list[int]
) -> np.ndarray | None:
    """The output rows of the words that are kept, of which a Huffman tree has none."""
    is_quantised, num_rows, dim = _SHAPE.unpack(_exactly(reader, _SHAPE.size))
    if is_quantised or num_rows != size or dim != arguments.dim:
        raise InputError(
            f"{reader.path}: is damaged: {num_rows} output rows of {dim} for {size} words; get the "
            "file again"
        )
    table = _read_rows(reader, size, dim)
    if reader.read(1):
        raise InputError(
            f"{reader.path}: goes on after its last vector; it is damaged, get the file again"
        )
    if arguments.loss == HIERARCHICAL_SOFTMAX:
        return None
    return table if len(kept) == size else table[kept]


def _read_words(reader: Reader, size: int) -> tuple[list[bytes], np.ndarray]:
    words, counts = [], np.zeros(max(size, 0), np.int64)
    data, place = b"", 0
    for i in range(size):
        while (end := data.find(b"\0", place)) < 0 or len(data) < end + 1 + _ENTRY.size:
            more = reader.read(CHUNK_BYTES)
            if not more or len(data) - place > LONGEST_WORD:
                raise _cut_short(reader)
            data, place = data[place:] + more, 0
        words.append(data[place:end])
        counts[i], _ = _ENTRY.unpack_from(data, end + 1)
        place = end + 1 + _ENTRY.size
    reader.put_back(data[place:])
    return words, counts


def _read_rows(reader: Reader, size: int, dim: int) -> np.ndarray:
    table = empty_table(size, dim)
    for first in range(0, size, ROWS_AT_ONCE):
        piece = table[first : first + ROWS_AT_ONCE]
        piece[:] = np.frombuffer(_exactly(reader, piece.nbytes), "<f4").reshape(piece.shape)
    return table


def _exactly(reader: Reader, size: int) -> bytes:
    data = reader.read(size)
    while len(data) < size:
        more = reader.read(size - len(data))
        if not more:
            raise _cut_short(reader)
        data += more
    return data


def _cut_short(reader: Reader) -> InputError:
    return InputError(f"{reader.path}: cut short or damaged; get the file again")
