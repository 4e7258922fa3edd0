"""Labelled reviews: read, cut to a length, drawn."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from jaxw2v import InputError
from jaxw2v.corpus import Vocabulary, get_tokenizer


class Reviews(NamedTuple):
    """Texts with what their authors thought.

    Attributes:
      texts: the reviews, without line breaks.
      labels: int32 [n], 1 is positive.
    """

    texts: list[str]
    labels: np.ndarray


def read(path: Path, limit: int | None = None) -> Reviews:
    """Reads ``label TAB text`` lines.

    Args:
      path: the file, plain or .xz.
      limit: only so many first lines; ``None`` reads all.

    Returns:
      The reviews.

    Raises:
      InputError: the file is missing or a line has another form.
    """
    opener = lzma.open if path.suffix == ".xz" else open
    texts, labels = [], []
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if limit is not None and number > limit:
                    break
                label, found, text = line.rstrip("\n").partition("\t")
                if not found or label not in ("0", "1"):
                    raise InputError(f"{path}:{number}: expected 0 or 1, a tab and a text")
                texts.append(text.replace("<br />", " "))
                labels.append(int(label))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    return Reviews(texts, np.array(labels, np.int32))


def encode(texts: list[str], vocabulary: Vocabulary, length: int) -> np.ndarray:
    """Turns texts into rows of word ids.

    Args:
      texts: n texts.
      vocabulary: the words; others are left out.
      length: of a row; texts are cut after so many words of the vocabulary (words).

    Returns:
      int32 [n, length], padded with -1.
    """
    column = pl.DataFrame({"text": texts}).select(get_tokenizer("words")(pl.col("text")))
    rows = np.full((len(texts), length), -1, np.int32)
    for row, words in zip(rows, column["text"], strict=True):
        ids = [vocabulary.ids[word] for word in words if word in vocabulary.ids][:length]
        row[: len(ids)] = ids
    return rows


def draw_labelled(labels: np.ndarray, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws as many reviews of either class, four fifths to learn from, one fifth to choose by.

    Args:
      labels: int [n], 0 or 1.
      number: of labelled reviews (reviews).
      seed: of the draw.

    Returns:
      Places of the reviews to learn from, and of those by whose loss the epoch is chosen.
    """
    rng = np.random.default_rng(seed)
    learn, choose = [], []
    for label in (0, 1):
        places = rng.permutation(np.flatnonzero(labels == label))[: number // 2]
        learn.append(places[len(places) // 5 :])
        choose.append(places[: len(places) // 5])
    return rng.permutation(np.concatenate(learn)), np.concatenate(choose)
