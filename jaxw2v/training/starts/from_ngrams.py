"""Which rows the n-grams of a run had in the run that it goes on from."""

from __future__ import annotations

import numpy as np

from jaxw2v.subwords import SharedRows


def rows_before(now: SharedRows, before: SharedRows) -> np.ndarray:
    """Where the rows of n-grams come from.

    N-grams that share a row now did so before, because old words stay and new ones only tell
    n-grams apart; those of a single word had its own row.

    Args:
      now: the rows of the run.
      before: those of the run that it goes on from.

    Returns:
      int64 [U], for each shared row that of the earlier run: v below its V for the own row of word
      v, then its shared rows; -1 where no word had the n-gram.

    Example:
      >>> from jaxw2v.subwords import Ngrams, share_rows
      >>> trigrams = Ngrams(3, 3, 2_000_000)
      >>> one, two = (share_rows(words, trigrams) for words in (["cat"], ["cat", "cats"]))
      >>> rows_before(two, one).tolist()  # <ca and cat were of one word
      [0]
    """
    size = len(now.own_weights)
    is_shared = now.rows >= size
    rows, firsts = np.unique(now.rows[is_shared], return_index=True)
    buckets = now.buckets[is_shared][firsts]
    place = np.minimum(np.searchsorted(before.buckets, buckets), len(before.buckets) - 1)
    found = np.full(now.num_shared, -1, np.int64)
    if len(before.buckets):
        same = before.buckets[place] == buckets
        found[rows - size] = np.where(same, before.rows[place], -1)
    return found
