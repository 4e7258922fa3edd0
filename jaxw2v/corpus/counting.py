"""Counting words in bounded memory."""

from __future__ import annotations

import warnings

import polars as pl

# Tables of counts wait until so many rows have come together (words).
ROWS_BEFORE_MERGE = 1 << 20


class WordCounts:
    """Counts of different words, of which the rarest are forgotten when they become too many.

    As in word2vec.c: whenever more words than the cap are known, those seen once are dropped;
    the next time those seen up to twice, and so on. Below the cap counts are exact.

    Attributes:
      forgotten: words seen so many times or fewer have been dropped; 0 is none.
    """

    def __init__(self, cap: int, what: str = "words"):
        """Starts at nothing.

        Args:
          cap: different words that are remembered (words).
          what: what they are, for the warning.
        """
        self._cap, self._what = cap, what
        self._pending: list[pl.DataFrame] = []
        self.forgotten = 0

    def add(self, words: pl.DataFrame) -> None:
        """Adds counts.

        Args:
          words: columns ``word``, distinct, and ``count``, int64.
        """
        self._pending.append(words)
        rows = sum(len(table) for table in self._pending)
        largest = max(len(table) for table in self._pending)
        if rows > self._cap or rows > max(ROWS_BEFORE_MERGE, 2 * largest):
            self._merge()

    def _merge(self) -> None:
        table = pl.concat(self._pending)
        if len(self._pending) > 1:
            table = table.group_by("word").agg(pl.col("count").sum())
        while len(table) > self._cap:
            self.forgotten += 1
            table = table.filter(pl.col("count") > self.forgotten)
        self._pending = [table]

    def table(self) -> pl.DataFrame:
        """The counts, with a warning if some have been forgotten.

        Returns:
          Columns ``word`` and ``count``.
        """
        self._merge()
        if self.forgotten:
            warnings.warn(
                f"more than {self._cap:,} different {self._what}: those seen {self.forgotten} "
                f"times or fewer were forgotten on the way, so rare {self._what} may be missing or "
                "counted too low; a larger --max-counted takes more memory",
                RuntimeWarning,
                stacklevel=2,
            )
        return self._pending[0]
