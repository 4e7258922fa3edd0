"""Writes vectors in the formats of other programs."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import lzma
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jaxw2v.compression import zstd
from jaxw2v.corpus.vocabulary import Vocabulary, check_text
from jaxw2v.devices.processes import is_first
from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.errors import InputError
from jaxw2v.ownership import held, refuse_foreign
from jaxw2v.run_folder import refuse_part_of_run
from jaxw2v.vectors.files.first_process import by_first_process
from jaxw2v.vectors.files.formats import FORMATS, Written, format_named
from jaxw2v.vectors.subword_vectors import SubwordVectors

_COMPRESSORS: dict[str, Callable[[io.BufferedWriter], io.BufferedIOBase]] = {
    # Without the name and the time, so that the same vectors are the same file.
    ".gz": lambda file: gzip.GzipFile("", "wb", 6, file, mtime=0),
    ".bz2": functools.partial(bz2.BZ2File, mode="wb"),
    ".xz": functools.partial(lzma.LZMAFile, mode="wb"),
    ".zst": functools.partial(zstd.ZstdFile, mode="wb"),
}
_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z")


def export(
    path: str | os.PathLike,
    format: str,
    vocabulary: Vocabulary,
    vectors: Vectors,
    tokenizer: str = "words",
    output_vectors: Vectors | None = None,
    subwords: SubwordVectors | None = None,
    about: Sequence[str] = (),
    overwrite: bool = False,
) -> None:
    """Writes vectors.

    Args:
      path: the file, compressed if its name ends in .gz, .bz2, .xz or .zst; or the folder for
        ``tensorboard`` and ``static-embedding``.
      format: a name of :data:`~jaxw2v.vectors.files.formats.FORMATS`.
      vocabulary: V words.
      vectors: float32 [V, D].
      tokenizer: the tokenizer by which ``static-embedding`` finds the words of a text.
      output_vectors: float32 [V, D], which ``fasttext-bin`` holds too; ``None`` leaves them out.
      subwords: the vectors of n-grams, of which it is made.
      about: lines on how the vectors came to be, for the card of ``static-embedding``.
      overwrite: replace a file that is there.

    Raises:
      InputError: the file exists; or the format or the tokenizer is unknown, a word cannot be
        held, or the name ends as that of an archive, or of a compressed folder; or a folder holds
        files of the same names that are not known to be ours; or the file is a part of a run.
    """
    path, words = Path(path).expanduser(), vocabulary.words
    refuse_part_of_run(path)
    known = format_named(format)
    if path.is_file() and not known.files and not overwrite:
        raise InputError(f"{path}: exists; choose another name, or overwrite")
    table = Written(words, vectors, vocabulary.counts, output_vectors, subwords, tuple(about))
    _check_ending(path, format)
    ends = frozenset(known.ends)
    held_back = "white space" if known.ends.isspace() else repr(known.ends)
    for word in words:
        check_text(word)
        if not word or not ends.isdisjoint(word):
            raise InputError(
                f"the word {word!r} is empty or holds {held_back}, which {format} cannot hold; "
                "choose another format"
            )
    if known.begins_with_word and words[:1] and words[0].startswith("\ufeff"):
        raise InputError(f"the word {words[0]!r} begins with a byte order mark, which is not kept")
    if known.files:
        with _folder(path, format):
            known.write(path, table, tokenizer)
        return
    with by_first_process(path) as temporary, _created(temporary, path.suffix.lower()) as file:
        known.write(file, table, tokenizer)


@contextlib.contextmanager
def _folder(path: Path, format: str) -> Iterator[None]:
    """Holds a folder in which nothing of somebody else's would be replaced."""
    if not is_first():
        yield
        return
    refuse_foreign(path, format, FORMATS[format].files)
    with held(path, format, FORMATS[format].files):
        yield


def _check_ending(path: Path, format: str) -> None:
    """A name must not promise what is not written."""
    *inner, last = ["", *map(str.lower, path.suffixes)]
    if last in _COMPRESSORS and FORMATS[format].files:
        raise InputError(f"{path}: {format} is a folder, which is not compressed; leave {last} out")
    archive = inner[-1] if last in _COMPRESSORS else last
    if archive in _ARCHIVES:
        raise InputError(
            f"{path}: no {archive} archives are written; end the name by "
            f"{', '.join(_COMPRESSORS)} to compress"
        )


@contextlib.contextmanager
def _created(path: Path, ending: str) -> Iterator[io.BufferedIOBase]:
    """A new file, compressed if the ending says so."""
    with open(path, "wb") as file:
        if ending not in _COMPRESSORS:
            yield file
            return
        with _COMPRESSORS[ending](file) as compressed:
            yield compressed
