"""Vectors that others have published, loaded by name."""

from __future__ import annotations

import difflib
import os

from jaxw2v.errors import InputError
from jaxw2v.vectors.files.published import PUBLISHED
from jaxw2v.vectors.word_vectors import WordVectors


def load(name: str, limit: int | None = None) -> WordVectors:
    """Loads vectors that others have published, as gensim's ``downloader.load`` does.

    They are downloaded once, checked, and kept in the cache. Commands and functions that take a
    file of vectors take such a name too.

    Args:
      name: such as ``glove-wiki-gigaword-100``; ``jaxw2v datasets`` lists them.
      limit: only so many first words; ``None`` loads all.

    Returns:
      The vectors.

    Raises:
      InputError: there are no vectors of that name, or they cannot be downloaded.

    Example:
      >>> load("glove-wiki-100")
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: glove-wiki-100: no vectors of that name are known; close: ...
    """
    if name not in PUBLISHED:
        if os.path.exists(name):
            raise InputError(f"{name}: is a file or folder; jaxw2v.WordVectors.load reads those")
        close = difflib.get_close_matches(name, PUBLISHED, cutoff=0.5)
        hint = f"close: {', '.join(close)}" if close else "jaxw2v datasets lists those that are"
        raise InputError(f"{name}: no vectors of that name are known; {hint}")
    return WordVectors.load(name, limit)
