"""The character n-grams of words, hashed into buckets as fastText does."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxw2v.errors import InputError

# FNV-1a of 32 bits.
OFFSET, PRIME = np.uint32(2166136261), np.uint32(16777619)
BEGIN, END = b"<", b">"
END_OF_SENTENCE = "</s>"
"""A word of fastText's files that has no n-grams."""
WORDS_AT_ONCE = 50_000


class WordNgrams(NamedTuple):
    """The n-grams of some words, one word after another.

    Attributes:
      buckets: int32 [E], the bucket of each n-gram, as often as a word has it.
      starts: int64 [V + 1], where the n-grams of each word begin, and where the last ones end.
    """

    buckets: np.ndarray
    starts: np.ndarray


@dataclasses.dataclass(frozen=True)
class Ngrams:
    """Which n-grams a word has: those of the word between ``<`` and ``>``.

    Attributes:
      shortest: characters of the shortest n-grams.
      longest: characters of the longest n-grams.
      buckets: how many different n-grams are told apart at most.

    Raises:
      InputError: the shortest are longer than the longest.

    Reference:
      Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"; fastText,
      ``Dictionary::computeSubwords``.

    Example:
      >>> of_words = Ngrams(3, 6, 2_000_000)(["cat", "a"])
      >>> of_words.starts.tolist()  # <ca cat at> <cat cat> <cat>; <a>
      [0, 6, 7]
    """

    shortest: int
    longest: int
    buckets: int

    def __post_init__(self) -> None:
        if self.shortest > self.longest:
            raise InputError(
                f"min_ngram is {self.shortest}, above max_ngram {self.longest}; give a smaller one"
            )

    def __call__(self, words: Sequence[str]) -> WordNgrams:
        """The n-grams of some words.

        Args:
          words: V words.

        Returns:
          Their buckets, by length and then by place in the word.
        """
        parts = [
            self._of_some(words[first : first + WORDS_AT_ONCE])
            for first in range(0, len(words), WORDS_AT_ONCE)
        ]
        counts = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in parts)])
        buckets = np.concatenate([np.zeros(0, np.int32), *(buckets for buckets, _ in parts)])
        return WordNgrams(buckets, np.cumsum(counts))

    def _of_some(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Buckets of all n-grams of some words, and how many each word has."""
        framed = [
            # A word that is no text has n-grams all the same.
            b"" if word == END_OF_SENTENCE else BEGIN + word.encode(errors="surrogatepass") + END
            for word in words
        ]
        text = np.frombuffer(b"".join(framed), np.uint8)
        # Where characters begin: not at the later bytes of one.
        places = np.flatnonzero((text & 0xC0) != 0x80)
        word_of_byte = np.repeat(np.arange(len(words)), [len(word) for word in framed])
        word_of_place = word_of_byte[places]
        ends = np.append(places, len(text))
        # A byte enters the hash as a signed one.
        signed = text.view(np.int8).astype(np.int32).view(np.uint32)
        found_words, found_buckets = [], []
        longest = min(self.longest, int(np.bincount(word_of_place, minlength=1).max()))
        for length in range(self.shortest, max(longest, self.shortest) + 1):
            first = np.arange(max(len(places) - length + 1, 0))
            first = first[word_of_place[first] == word_of_place[first + length - 1]]
            if length == 1:
                # Neither the begin nor the end alone.
                first = first[~_is_outermost(word_of_place, first)]
            found_words.append(word_of_place[first])
            hashed = _hash(signed, ends[first], ends[first + length])
            found_buckets.append((hashed % np.uint32(self.buckets)).astype(np.int32))
        of_words = np.concatenate(found_words)
        order = np.argsort(of_words, kind="stable")
        counts = np.bincount(of_words, minlength=len(words))
        return np.concatenate(found_buckets)[order], counts


def _is_outermost(word_of_place: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Whether characters are the first or the last ones of their words."""
    before = np.append(-1, word_of_place)[places]
    after = np.append(word_of_place, -1)[places + 1]
    return (before != word_of_place[places]) | (after != word_of_place[places])


def _hash(signed: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """FNV-1a of pieces of a text, uint32 [n]."""
    hashed = np.full(len(begins), OFFSET)
    sizes = ends - begins
    for offset in range(int(sizes.max(initial=0))):
        longer = np.flatnonzero(sizes > offset)
        hashed[longer] = (hashed[longer] ^ signed[begins[longer] + offset]) * PRIME
    return hashed
