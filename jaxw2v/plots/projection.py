"""Which words are shown, and where in the plane."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from jaxw2v.errors import InputError
from jaxw2v.vectors import WordVectors
from jaxw2v.vectors.lookup import unit

Method = Literal["pca", "tsne"]
METHODS = ("pca", "tsne")
TOP = re.compile(r"top-(\d+)")


@dataclasses.dataclass(frozen=True)
class Projection:
    """Words in the plane.

    Attributes:
      words: n of them, the most important first.
      places: float [n, 2].
      axes: what the two axes are, with unit.
    """

    words: tuple[str, ...]
    places: np.ndarray
    axes: tuple[str, str]


def choose_words(wv: WordVectors, wanted: str) -> list[str]:
    """Reads which words are asked for.

    Args:
      wv: the vectors.
      wanted: ``top-N``, the N most frequent words; or a file of words, parted by white space.

    Returns:
      The words, each once.

    Raises:
      InputError: the file is missing, a word is not in the vocabulary, or there are fewer than 3.
    """
    top = TOP.fullmatch(wanted)
    if top:
        words = list(wv.words[: int(top[1])])
    else:
        try:
            text = Path(wanted).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise InputError(f"{wanted}: {reason}; --words takes a file or top-N") from None
        words = list(dict.fromkeys(map(wv.vocabulary.fold, text.split())))
    for word in words:
        if word not in wv.vocabulary:
            raise InputError(f"{wanted}: {wv.vocabulary.missing(word)}")
    if len(words) < 3:
        raise InputError(f"{wanted}: names {len(words)} words; a picture needs 3 or more")
    return words


def project(wv: WordVectors, words: Sequence[str], method: Method, seed: int = 0) -> Projection:
    """Lays words in the plane.

    Args:
      wv: the vectors, taken at length one.
      words: 3 or more.
      method: ``pca``, the two directions of most variance; or ``tsne``, which keeps neighbors
        together.
      seed: the seed of t-SNE.

    Returns:
      The words with their places.

    Raises:
      InputError: the method is unknown, or vectors have one component.

    Reference:
      van der Maaten and Hinton 2008, "Visualizing Data using t-SNE".
    """
    if method not in METHODS:
        raise InputError(f"method is {method!r}; it must be one of {', '.join(METHODS)}")
    rows = unit(np.asarray(wv[list(words)], np.float64))
    if not rows.any():
        raise InputError("the vectors of all these words are zero; there is nothing to lay out")
    if rows.shape[1] < 2:
        raise InputError("the vectors have one component; a picture needs two or more")
    if method == "pca":
        pca = PCA(2, svd_solver="full").fit(rows)
        shares = pca.explained_variance_ratio_
        first, second = (
            f"component {i + 1} ({share:.0%} of variance)" for i, share in enumerate(shares)
        )
        return Projection(tuple(words), pca.transform(rows), (first, second))
    tsne = TSNE(perplexity=min(30, (len(words) - 1) / 3), init="pca", random_state=seed)
    axes = ("t-SNE dimension 1 (no unit)", "t-SNE dimension 2 (no unit)")
    return Projection(tuple(words), tsne.fit_transform(rows.astype(np.float32)), axes)
