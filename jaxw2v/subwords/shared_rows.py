"""Which row of a table each n-gram has: n-grams that the same words have share one.

Such n-grams get the same gradient at each step. From the same start their vectors stay the same, so
one row stands for all of them and counts as often as there are; and one for a word that alone has
some. On the vocabulary of 14 million words of Wikipedia that leaves 0.19 M rows of 0.50 M, and
nothing is kept for the buckets, 2 million by default, that no word of the vocabulary has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from jaxw2v.subwords.ngrams import Ngrams


@dataclasses.dataclass(frozen=True, eq=False)
class SharedRows:
    """Of which rows the words of a vocabulary are made.

    Attributes:
      ngrams: which n-grams a word has.
      buckets: int32 [N], the buckets of all n-grams of the words, in order.
      rows: int32 [N], the row of each: v below V is the own row of word v; V + u is shared row u.
      num_shared: U, rows that belong to n-grams of several words, at least 1; numbered by the first
        word that has them.
      starts: int64 [V + 1], where the shared rows of each word begin in the next two.
      shared: int32 [E], shared rows, each once a word.
      weights: int32 [E], how many of the word's n-grams each stands for.
      own_weights: int32 [V], for how many n-grams, and the word itself, its own row stands.
    """

    ngrams: Ngrams
    buckets: np.ndarray
    rows: np.ndarray
    num_shared: int
    starts: np.ndarray
    shared: np.ndarray
    weights: np.ndarray
    own_weights: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """int64 [V], of how many vectors that of each word is the mean."""
        totals = np.append(0, np.cumsum(self.weights))
        return self.own_weights + np.diff(totals[self.starts])

    def vectors_of(self, own: np.ndarray, shared: np.ndarray) -> np.ndarray:
        """The vectors of the words.

        Args:
          own: float32 [V, D], their own rows.
          shared: float32 [U, D], the shared ones.

        Returns:
          float32 [V, D], for each word the mean of its row and those of its n-grams.
        """
        # Takes longer to import than everything else that training needs.
        from scipy import sparse

        weights = sparse.csr_matrix(
            (self.weights.astype(np.float32), self.shared, self.starts), (len(own), len(shared))
        )
        total = self.own_weights.astype(np.float32)[:, None] * own + weights @ shared
        return total / self.sizes.astype(np.float32)[:, None]


def share_rows(words: Sequence[str], ngrams: Ngrams, seed: int = 0) -> SharedRows:
    """Finds out.

    Args:
      words: V words.
      ngrams: which n-grams a word has.
      seed: of the 64 random bits a word by whose sums sets of words are told apart.

    Returns:
      The rows.

    Example:
      >>> found = share_rows(["cat", "cats"], Ngrams(3, 3, 2_000_000))
      >>> found.num_shared, found.own_weights.tolist()  # <ca and cat; at> and cat; ats ts> and cats
      (1, [2, 3])
      >>> found.weights.tolist()
      [2, 2]
    """
    size = len(words)
    of_words = ngrams(words)
    owners = np.repeat(np.arange(size), np.diff(of_words.starts))
    buckets, which = np.unique(of_words.buckets, return_inverse=True)
    marks = np.random.default_rng(seed).integers(0, 2**64, size, np.uint64)
    sums = np.zeros(len(buckets), np.uint64)
    np.add.at(sums, which, marks[owners])
    # A word's own row comes before n-grams that only this word has.
    _, firsts, same_as = np.unique(
        np.concatenate([marks, sums]), return_index=True, return_inverse=True
    )
    is_shared, groups = firsts >= size, same_as[size:]
    # In the order of the words, so that the rows of frequent ones lie together.
    first_seen = np.full(len(firsts), len(which))
    np.minimum.at(first_seen, groups[which], np.arange(len(which)))
    numbers = firsts
    shared = np.flatnonzero(is_shared)
    numbers[shared[np.argsort(first_seen[shared])]] = size + np.arange(len(shared))
    rows = numbers[groups].astype(np.int32)
    num_shared = max(len(shared), 1)
    pairs, weights = np.unique(
        owners * np.int64(size + num_shared) + rows[which], return_counts=True
    )
    pair_words, pair_rows = np.divmod(pairs, size + num_shared)
    own = pair_rows < size
    own_weights = np.ones(size, np.int32)
    own_weights[pair_words[own]] += weights[own].astype(np.int32)
    counts = np.bincount(pair_words[~own], minlength=size)
    return SharedRows(
        ngrams=ngrams,
        buckets=buckets.astype(np.int32),
        rows=rows,
        num_shared=num_shared,
        starts=np.append(0, np.cumsum(counts)),
        shared=(pair_rows[~own] - size).astype(np.int32),
        weights=weights[~own].astype(np.int32),
        own_weights=own_weights,
    )
