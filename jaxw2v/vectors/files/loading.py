"""Loads vectors, whatever the format."""

from __future__ import annotations

import math
import os
from pathlib import Path

from jaxw2v.errors import InputError
from jaxw2v.run_folder import VECTORS
from jaxw2v.vectors.files.folder import read_folder
from jaxw2v.vectors.files.foreign import no_vectors
from jaxw2v.vectors.files.formats import FORMATS
from jaxw2v.vectors.files.opening import BOM, open_vectors
from jaxw2v.vectors.files.published import located
from jaxw2v.vectors.files.rows import Errors, Rows, Table, check_options


def load(
    path: str | os.PathLike,
    limit: int | None = None,
    errors: Errors = "strict",
    show_progress: bool = True,
) -> Table:
    """Loads vectors; the format is known by the content.

    Args:
      path: the folder of a run, or of model2vec or sentence-transformers; or a file in word2vec's
        or fastText's text or binary, GloVe's text format, or safetensors, plain or compressed by
        gzip, bzip2, xz or zstd; or a name of
        :data:`~jaxw2v.vectors.files.published.PUBLISHED`, which is downloaded once.
      limit: only so many first words; ``None`` reads all.
      errors: what to do with rows that cannot be used, see
        :class:`~jaxw2v.vectors.files.rows.Rows`.
      show_progress: draw a progress line on standard error.

    Returns:
      Words and vectors.

    Raises:
      InputError: the file cannot be used: what, where, and what to do.
    """
    check_options(limit, errors)
    path = located(path)
    rows = Rows(path, errors, math.inf if limit is None else limit)
    if path.is_dir():
        return _load_folder(path, rows)
    with open_vectors(path, show_progress) as reader:
        head = reader.peek().removeprefix(BOM)
        for known in FORMATS.values():
            if not known.files and known.read and known.recognises and known.recognises(head):
                return known.read(reader, rows)
        raise no_vectors(reader, head)


def _load_folder(path: Path, rows: Rows) -> Table:
    if (path / VECTORS).exists():
        table = read_folder(path)
        if rows.limit >= len(table.words):
            return table
        size, optional = int(rows.limit), (table.counts, table.output_vectors)
        counts, output = (None if part is None else part[:size] for part in optional)
        return Table(table.words[:size], table.vectors[:size], counts, output, table.subwords)
    for known in FORMATS.values():
        if known.files and known.read and known.recognises and known.recognises(path):
            return known.read(path, rows)
    raise InputError(
        f"{path}: holds no {VECTORS}; give a folder that jaxw2v train wrote, or a file of vectors"
    )
