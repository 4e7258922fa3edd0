"""Of which rows of n-grams words are made, as arrays for the devices."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import numpy as np

from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.subwords import SharedRows

Leaf = TypeVar("Leaf", covariant=True)
"""An array; or what stands for it, such as its shape or how it is sharded."""

FOLLOW = 0.5
"""A row of n-grams that n distinct words of a step have moves by the sum of their updates over n to
this power: 0 is the sum, 1 the mean."""
OWN_OCCURRENCES = 300
"""Kept occurrences of a word in an epoch at which its own row is half-way to taking what its
n-grams leave."""
PIECE = 8
"""N-grams that are read together: a word has some 18 rows of them, and their sums are few."""


class WordParts(NamedTuple, Generic[Leaf]):
    """Of which rows of n-grams words are made, by the storage row of the word, of R.

    The n-grams of a word lie in pieces of ``PIECE``, one after another.

    Attributes:
      first: int32 [R], the first piece of each word.
      pieces: int32 [R], how many it has.
      own_share: float32 [R], how much the word's own row counts.
      share: float32 [R], how much one n-gram counts.
      rows: int32 [S, PIECE], rows of the table of n-grams; its number of rows where a piece has no
        more.
      weights: uint16 [S, PIECE], how many n-grams each row stands for.
      own_follow: float32 [R], a factor: the word's own row moves by it times the word's update.
      follow: float32 [R of n-grams], a factor: a row of n-grams moves by it times the sum of the
        updates of its words.
    """

    first: Leaf
    pieces: Leaf
    own_share: Leaf
    share: Leaf
    rows: Leaf
    weights: Leaf
    own_follow: Leaf
    follow: Leaf


def make_word_parts(
    shared: SharedRows, kept: np.ndarray, tokens_per_step: int
) -> WordParts[np.ndarray]:
    """Lays the n-grams of the words out in pieces.

    The factor ``follow`` of a row of n-grams is ``n^-FOLLOW``, where n, 1 at least, is how many
    distinct words of a step are expected to have it: ``sum over its words of 1 - exp(-kept /
    steps)``. If the factor of a word's own row were ``rest = (size - sum of follow over its
    n-grams) / own_weight``, the word's vector would move by exactly the optimizer's update. But
    the own row of a rare word would then learn what its n-grams should; there the factor is 1, as
    for n-grams of one word only. Between the two
    ``own_follow = 1 + kept / (kept + OWN_OCCURRENCES) (rest - 1)``.

    Args:
      shared: the rows of each word.
      kept: float [V], occurrences in an epoch that subsampling leaves.
      tokens_per_step: tokens of a step.

    Returns:
      The arrays, on the host.

    Example:
      >>> from jaxw2v.subwords import Ngrams, share_rows
      >>> shared = share_rows(["cat", "cats"], Ngrams(3, 3, 2_000_000))
      >>> parts = make_word_parts(shared, np.array([90, 10]), 50)
      >>> parts.rows[:, 0].tolist(), parts.weights[:, 0].tolist()  # both have <ca and cat
      ([0, 0], [2, 2])
      >>> parts.follow[0].round(2)  # both words are in most steps, of two an epoch
      np.float32(0.71)
    """
    size, table_rows = len(shared.own_weights), num_rows(shared.num_shared)
    counts = np.diff(shared.starts)
    pieces = -(-counts // PIECE)
    first = np.append(0, np.cumsum(pieces))
    owners = np.repeat(np.arange(size), counts)
    place = PIECE * first[owners] + np.arange(len(owners)) - shared.starts[owners]
    # One piece at least, so that there is one to read.
    shape = max(first[-1], 1), PIECE
    rows = np.full(shape, table_rows, np.int32)
    rows.reshape(-1)[place] = storage_row(shared.shared, shared.num_shared)
    weights = np.zeros(shape, np.uint16)
    weights.reshape(-1)[place] = shared.weights
    steps = max(1, kept.sum() / tokens_per_step)
    words = np.bincount(shared.shared, -np.expm1(-kept / steps)[owners], shared.num_shared)
    follow = np.maximum(1, words) ** -FOLLOW
    followed = np.bincount(owners, shared.weights * follow[shared.shared], size)
    sizes = shared.sizes
    rest = (sizes - followed) / shared.own_weights
    own_follow = 1 + kept / (kept + OWN_OCCURRENCES) * (rest - 1)

    def by_row(values: np.ndarray, dtype: type) -> np.ndarray:
        array: np.ndarray = np.zeros(num_rows(len(values)), dtype)
        array[storage_row(np.arange(len(values)), len(values))] = values
        return array

    return WordParts(
        first=by_row(first[:-1], np.int32),
        pieces=by_row(pieces, np.int32),
        own_share=by_row(shared.own_weights / sizes, np.float32),
        share=by_row(1 / sizes, np.float32),
        rows=rows,
        weights=weights,
        own_follow=by_row(own_follow, np.float32),
        follow=by_row(follow, np.float32),
    )
