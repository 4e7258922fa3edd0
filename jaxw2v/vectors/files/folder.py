"""The folder of a run: its tables and its vocabulary."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.devices.processes import is_first
from jaxw2v.devices.row_sharding import Rows as Vectors
from jaxw2v.errors import InputError
from jaxw2v.ownership import marked_as, refuse_foreign
from jaxw2v.run_folder import KIND, VECTORS, VOCABULARY, is_run
from jaxw2v.vectors.files.first_process import by_first_process
from jaxw2v.vectors.files.rows import Table
from jaxw2v.vectors.files.subword_tensors import pack, unpack
from jaxw2v.vectors.files.tensors import (
    INPUT,
    OUTPUT,
    read_about,
    read_tensors,
    table_of,
    write_tensors,
)
from jaxw2v.vectors.subword_vectors import SubwordVectors

OF_WORDS = "vocabulary_sha256"
"""In the file of vectors: of which words they are."""


def write_folder(
    folder: Path,
    vocabulary: Vocabulary,
    vectors: Vectors,
    output_vectors: Vectors | None = None,
    subwords: SubwordVectors | None = None,
) -> None:
    """Writes vectors (safetensors) and vocabulary (text).

    Vectors that are sharded over devices pass through the host some rows at a time. Where there
    are many processes, all have to call this and the first one writes.

    Args:
      folder: made if missing.
      vocabulary: V words.
      vectors: float32 [V, D].
      output_vectors: float32 [V, D], or ``None``.
      subwords: the vectors of n-grams of which ``vectors`` were made, or ``None``.

    Raises:
      InputError: the folder holds a file of one of these names that is not known to be ours.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise InputError(f"{folder}: is a file, and a folder is needed; choose another name")
    if is_first() and not is_run(folder):
        refuse_foreign(folder, KIND, (VECTORS, VOCABULARY))
    tables = {INPUT: vectors}
    if output_vectors is not None:
        tables[OUTPUT] = output_vectors
    with (
        by_first_process(folder / VOCABULARY) as vocabulary_path,
        by_first_process(folder / VECTORS) as vectors_path,
    ):
        vocabulary.save(vocabulary_path)
        others, about = ({}, {}) if subwords is None else pack(subwords)
        about[OF_WORDS] = _digest(vocabulary)
        write_tensors(vectors_path, tables, len(vocabulary), others, about)


def read_folder(folder: Path) -> Table:
    """Reads what :func:`write_folder` wrote.

    Args:
      folder: the folder.

    Returns:
      What it holds.

    Raises:
      InputError: a file is missing or damaged, or a newer version wrote the folder.
    """
    marked_as(folder)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    tensors = read_tensors(folder / VECTORS)
    output = table_of(tensors, OUTPUT, folder / VECTORS) if OUTPUT in tensors else None
    vectors = table_of(tensors, INPUT, folder / VECTORS)
    if len(vectors) != len(vocabulary):
        raise InputError(
            f"{folder / VECTORS}: holds {len(vectors)} vectors and {VOCABULARY} {len(vocabulary)} "
            "words, a row a word; restore the one that is damaged"
        )
    about = read_about(folder / VECTORS)
    if about.get(OF_WORDS) not in (None, _digest(vocabulary)):
        raise InputError(
            f"{folder}: {VECTORS} and {VOCABULARY} are of different runs, as when one was stopped "
            "between them; give --checkpoint last, or resume the run, which writes both"
        )
    subwords = unpack(tensors, about, vectors.shape, folder / VECTORS)
    return Table(vocabulary.words, vectors, vocabulary.counts, output, subwords)


def _digest(vocabulary: Vocabulary) -> str:
    return hashlib.sha256("\n".join(vocabulary.words).encode()).hexdigest()
