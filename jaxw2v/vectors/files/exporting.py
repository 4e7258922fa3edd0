"""Writes vectors in the formats of other programs."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, get_args

import jax

from jaxw2v.compression import zstd
from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.errors import InputError
from jaxw2v.ownership import held, refuse_foreign
from jaxw2v.vectors.files.binary import write_binary
from jaxw2v.vectors.files.first_process import by_first_process
from jaxw2v.vectors.files.static_embedding import FILES as STATIC_FILES
from jaxw2v.vectors.files.static_embedding import write_static_embedding
from jaxw2v.vectors.files.tensorboard import FILES as TENSORBOARD_FILES
from jaxw2v.vectors.files.tensorboard import write_tensorboard
from jaxw2v.vectors.files.tensors import write_with_words
from jaxw2v.vectors.files.text import write_text

Format = Literal[
    "word2vec-text", "word2vec-bin", "glove", "safetensors", "tensorboard", "static-embedding"
]
FORMATS: tuple[str, ...] = get_args(Format)
FOLDERS = ("tensorboard", "static-embedding")
# What ends a word in a file, as gensim and others read it.
_ENDS = {name: " \t\r\n\v\f" for name in ("word2vec-text", "word2vec-bin", "glove")}
_ENDS |= {"safetensors": "\n", "tensorboard": "\t\r\n"}
_COMPRESSORS = {
    # Without the name and the time, so that the same vectors are the same file.
    ".gz": lambda file: gzip.GzipFile("", "wb", 6, file, mtime=0),
    ".bz2": functools.partial(bz2.BZ2File, mode="wb"),
    ".xz": functools.partial(lzma.LZMAFile, mode="wb"),
    ".zst": functools.partial(zstd.ZstdFile, mode="wb"),
}
_FILES = {"tensorboard": TENSORBOARD_FILES, "static-embedding": STATIC_FILES}
_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z")


def export(
    path: str | os.PathLike,
    format: Format,
    vocabulary: Vocabulary,
    vectors: Vectors,
    tokenizer: str = "words",
) -> None:
    """Writes vectors.

    Args:
      path: the file, compressed if its name ends in .gz, .bz2, .xz or .zst; or the folder for
        ``tensorboard`` and ``static-embedding``.
      format: one of :data:`FORMATS`.
      vocabulary: V words.
      vectors: float32 [V, D].
      tokenizer: the tokenizer by which ``static-embedding`` finds the words of a text.

    Raises:
      InputError: the format or the tokenizer is unknown, a word cannot be held, or the
        name ends as that of an archive, or of a compressed folder; or a folder holds files of the
        same names that are not known to be ours.
    """
    path, words = Path(path), vocabulary.words
    if format not in FORMATS:
        raise InputError(f"format is {format!r}; it must be one of {', '.join(FORMATS)}")
    _check_ending(path, format)
    ends = frozenset(_ENDS.get(format, ""))
    for word in words:
        if not word or not ends.isdisjoint(word):
            raise InputError(
                f"the word {word!r} is empty or holds white space, which {format} cannot hold; "
                "choose another format"
            )
    if format == "glove" and words[:1] and words[0].startswith("\ufeff"):
        raise InputError(f"the word {words[0]!r} begins with a byte order mark, which is not kept")
    if format in FOLDERS:
        with _folder(path, format):
            if format == "tensorboard":
                write_tensorboard(path, words, vocabulary.counts, vectors)
            else:
                write_static_embedding(path, words, vectors, tokenizer)
        return
    with by_first_process(path) as temporary, _created(temporary, path.suffix.lower()) as file:
        if format == "safetensors":
            write_with_words(file, words, vocabulary.counts, vectors)
        elif format == "word2vec-bin":
            write_binary(file, words, vectors)
        else:
            write_text(file, words, vectors, header=format == "word2vec-text")


@contextlib.contextmanager
def _folder(path: Path, format: str) -> Iterator[None]:
    """Holds a folder in which nothing of somebody else's would be replaced."""
    if jax.process_index() > 0:
        yield
        return
    refuse_foreign(path, format, _FILES[format])
    with held(path, format, _FILES[format]):
        yield


def _check_ending(path: Path, format: str) -> None:
    """A name must not promise what is not written."""
    *inner, last = ["", *map(str.lower, path.suffixes)]
    if last in _COMPRESSORS and format in FOLDERS:
        raise InputError(f"{path}: {format} is a folder, which is not compressed; leave {last} out")
    archive = inner[-1] if last in _COMPRESSORS else last
    if archive in _ARCHIVES:
        raise InputError(
            f"{path}: no {archive} archives are written; end the name by "
            f"{', '.join(_COMPRESSORS)} to compress"
        )


@contextlib.contextmanager
def _created(path: Path, ending: str) -> Iterator[IO[bytes]]:
    """A new file, compressed if the ending says so."""
    with open(path, "wb") as file:
        if ending not in _COMPRESSORS:
            yield file
            return
        with _COMPRESSORS[ending](file) as compressed:
            yield compressed
