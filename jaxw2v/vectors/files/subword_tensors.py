"""The vectors of n-grams beside those of words, in the file of a run's tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.run_folder import OWN_ROWS, SUBWORD_TENSORS
from jaxw2v.subwords import Ngrams
from jaxw2v.vectors.subword_vectors import SubwordVectors

SETTINGS = ("min_ngram", "max_ngram", "ngram_buckets")


def pack(subwords: SubwordVectors) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and what is to be said of them.

    Args:
      subwords: the vectors.

    Returns:
      Arrays by name, and the settings of the n-grams by name.
    """
    arrays = subwords.own, subwords.shared, subwords.buckets, subwords.rows
    ngrams = subwords.ngrams
    settings = ngrams.shortest, ngrams.longest, ngrams.buckets
    return (
        dict(zip(SUBWORD_TENSORS, arrays, strict=True)),
        dict(zip(SETTINGS, map(str, settings), strict=True)),
    )


def unpack(
    tensors: Mapping[str, np.ndarray], about: Mapping[str, str], shape: tuple[int, ...], path: Path
) -> SubwordVectors | None:
    """Undoes :func:`pack`.

    Args:
      tensors: those of the file.
      about: what it says of them.
      shape: [V, D], of the table of words.
      path: the path of the file, for errors.

    Returns:
      The vectors; ``None`` if there are none of n-grams.

    Raises:
      InputError: they do not go together.
    """
    if OWN_ROWS not in tensors:
        return None
    try:
        own, shared, buckets, rows = (tensors[name] for name in SUBWORD_TENSORS)
        ngrams = Ngrams(*(int(about[name]) for name in SETTINGS))
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: its vectors of n-grams are damaged: {error}") from None
    sound = (
        own.shape == shape
        and shared.ndim == 2
        and shared.shape[1] == shape[1]
        and buckets.shape == rows.shape == (len(buckets),)
        and (np.diff(buckets) > 0).all()
        and rows.min(initial=0) >= 0
        and rows.max(initial=0) < len(own) + len(shared)
    )
    if not sound:
        raise InputError(f"{path}: its vectors of n-grams do not go with those of its words")
    return SubwordVectors(ngrams, own, shared, buckets, rows)
