"""Vectors of character n-grams, of which those of words are made, unseen ones too."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from jaxw2v.subwords import Ngrams, SharedRows

WORDS_AT_ONCE = 65_536


@dataclasses.dataclass(frozen=True, eq=False)
class SubwordVectors:
    """The rows of words and n-grams, which cannot be changed in place.

    Attributes:
      ngrams: which n-grams a word has.
      own: float32 [W, D], rows of words, those of the vocabulary first.
      shared: float32 [U, D], rows that belong to n-grams alone.
      buckets: int32 [N], the buckets that have a row, in order; others are zeros.
      rows: int32 [N], the row of each: of ``own`` below W, then of ``shared``.

    Example:
      >>> row = np.ones((1, 2), np.float32)
      >>> ngrams, nothing = Ngrams(3, 3, 10), np.zeros(0, np.int32)
      >>> of_cat = SubwordVectors(ngrams, 6 * row, row, nothing, nothing)
      >>> of_cat(["cat"], own_ids=[0]).tolist()  # the mean with <ca, cat and at>
      [[1.5, 1.5]]
      >>> of_cat.has("cats"), of_cat.has("")
      (True, False)
    """

    ngrams: Ngrams
    own: np.ndarray
    shared: np.ndarray
    buckets: np.ndarray
    rows: np.ndarray

    def __post_init__(self) -> None:
        for name in ("own", "shared", "buckets", "rows"):
            # Words would no longer have the vectors that were made of them.
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @classmethod
    def of_tables(cls, rows: SharedRows, own: np.ndarray, shared: np.ndarray) -> SubwordVectors:
        """Joins the tables of a run with what says which row is whose.

        Args:
          rows: of which rows the words of the run are made.
          own: float32 [V, D].
          shared: float32 [U, D].

        Returns:
          The vectors.
        """
        return cls(rows.ngrams, own, shared, rows.buckets, rows.rows)

    def has(self, word: str) -> bool:
        """Whether a word that is not in the vocabulary has a vector: it has n-grams."""
        return len(self.ngrams([word]).buckets) > 0

    def rows_at(self, rows: np.ndarray) -> np.ndarray:
        """Rows by their numbers.

        Args:
          rows: int32 [n], of ``own`` below W, then of ``shared``.

        Returns:
          float32 [n, D].
        """
        size = len(self.own)
        found = self.own[np.minimum(rows, size - 1)]
        found[rows >= size] = self.shared[rows[rows >= size] - size]
        return found

    def __call__(
        self, words: Sequence[str], own_ids: Sequence[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """The vectors of some words.

        Args:
          words: n words.
          own_ids: their rows in ``own``; ``None`` for words that have none.

        Returns:
          float32 [n, D], the means of all rows of a word; zeros where there is no n-gram.
        """
        parts = [np.zeros((0, self.own.shape[1]), np.float32)]
        for first in range(0, len(words), WORDS_AT_ONCE):
            some = slice(first, first + WORDS_AT_ONCE)
            parts.append(self._of_some(words[some], None if own_ids is None else own_ids[some]))
        return np.concatenate(parts)

    def _of_some(
        self, words: Sequence[str], own_ids: Sequence[int] | np.ndarray | None
    ) -> np.ndarray:
        # Takes longer to import than everything else that loading vectors needs.
        from scipy import sparse

        buckets, starts = self.ngrams(words)
        owners = np.repeat(np.arange(len(words)), np.diff(starts))
        place = np.searchsorted(self.buckets, buckets)
        known = place < len(self.buckets)
        known[known] = self.buckets[place[known]] == buckets[known]
        owners, rows = owners[known], self.rows[place[known]]
        counts = np.diff(starts)
        if own_ids is not None:
            owners = np.append(owners, np.arange(len(words)))
            rows, counts = np.append(rows, own_ids), counts + 1
        total = np.zeros((len(words), self.own.shape[1]), np.float32)
        size = len(self.own)
        for table, here, shift in ((self.own, rows < size, 0), (self.shared, rows >= size, size)):
            cells = owners[here], rows[here] - shift
            ones = np.ones(len(cells[0]), np.float32)
            total += sparse.csr_matrix((ones, cells), (len(words), len(table))) @ table
        return total / np.maximum(counts, 1).astype(np.float32)[:, None]
