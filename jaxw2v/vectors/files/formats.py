"""The formats of word vectors, one entry each; what reads, writes and recognises stands here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.errors import InputError
from jaxw2v.vectors.files.binary import is_binary, read_binary, write_binary
from jaxw2v.vectors.files.fasttext import is_fasttext, read_fasttext, write_fasttext
from jaxw2v.vectors.files.rows import Rows, Table
from jaxw2v.vectors.files.static_embedding import FILES as STATIC_FILES
from jaxw2v.vectors.files.static_embedding import (
    is_static_embedding,
    read_static_embedding,
    write_static_embedding,
)
from jaxw2v.vectors.files.tensorboard import FILES as TENSORBOARD_FILES
from jaxw2v.vectors.files.tensorboard import write_tensorboard
from jaxw2v.vectors.files.tensors import is_safetensors, read_with_words, write_with_words
from jaxw2v.vectors.files.text import has_header, has_no_header, read_text, write_text
from jaxw2v.vectors.subword_vectors import SubwordVectors

BLANKS = " \t\r\n\v\f"


class Written(NamedTuple):
    """What is written into a file of vectors.

    Attributes:
      words: V distinct words.
      vectors: float32 [V, D]; with V rows or more if it is sharded over devices.
      counts: int64 [V], occurrences.
      output_vectors: like ``vectors``, or ``None``.
      subwords: the vectors of n-grams of which ``vectors`` were made, or ``None``.
      about: lines on how they came to be, where a format has room for them.
    """

    words: tuple[str, ...]
    vectors: Vectors
    counts: np.ndarray
    output_vectors: Vectors | None = None
    subwords: SubwordVectors | None = None
    about: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class FileFormat:
    """A file, or a folder of files, of words and vectors.

    Attributes:
      write: writes a :class:`Written` to an open file, or to the path of a folder; the third
        argument is the name of a tokenizer.
      recognises: whether the start of a file, without a byte order mark, is of this format; for a
        folder its path is given. ``None`` is never read.
      read: reads from the start of a file, or from the path of a folder.
      ends: what ends a word there, so that no word can hold it.
      begins_with_word: whether a byte order mark in the first word would be lost.
      files: names of the files in the folder; empty for a single file.
    """

    write: Callable[[Any, Written, str], None]
    recognises: Callable[[Any], bool] | None = None
    read: Callable[[Any, Rows], Table] | None = None
    ends: str = ""
    begins_with_word: bool = False
    files: tuple[str, ...] = ()


# In the order in which they are tried.
FORMATS: dict[str, FileFormat] = {
    "word2vec-text": FileFormat(
        write=lambda file, t, _: write_text(file, t.words, t.vectors, header=True),
        recognises=has_header,
        read=read_text,
        ends=BLANKS,
    ),
    "word2vec-bin": FileFormat(
        write=lambda file, t, _: write_binary(file, t.words, t.vectors),
        recognises=is_binary,
        read=read_binary,
        ends=BLANKS,
    ),
    "fasttext-bin": FileFormat(
        write=lambda file, t, _: write_fasttext(
            file, t.words, t.counts, t.subwords, t.output_vectors
        ),
        recognises=is_fasttext,
        read=read_fasttext,
        ends="\0",
    ),
    "glove": FileFormat(
        write=lambda file, t, _: write_text(file, t.words, t.vectors, header=False),
        recognises=has_no_header,
        read=read_text,
        ends=BLANKS,
        begins_with_word=True,
    ),
    "safetensors": FileFormat(
        write=lambda file, t, _: write_with_words(file, t.words, t.counts, t.vectors),
        recognises=is_safetensors,
        read=read_with_words,
        ends="\n",
    ),
    "tensorboard": FileFormat(
        write=lambda folder, t, _: write_tensorboard(folder, t.words, t.counts, t.vectors),
        ends="\t\r\n",
        files=TENSORBOARD_FILES,
    ),
    "static-embedding": FileFormat(
        write=lambda folder, t, name: write_static_embedding(
            folder, t.words, t.vectors, name, t.about
        ),
        recognises=is_static_embedding,
        read=read_static_embedding,
        files=STATIC_FILES,
    ),
}


def format_named(name: str) -> FileFormat:
    """The format of a name.

    Args:
      name: one of :data:`FORMATS`.

    Returns:
      The format.

    Raises:
      InputError: there is none of that name.

    Example:
      >>> format_named("glove").begins_with_word
      True
    """
    if name not in FORMATS:
        raise InputError(f"format is {name!r}; it must be one of {', '.join(FORMATS)}")
    return FORMATS[name]
