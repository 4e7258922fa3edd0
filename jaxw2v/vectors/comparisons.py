"""How like, how far and in which order words are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.vectors import neighbors
from jaxw2v.vectors.lookup import Lookup, Vector, Words, is_item, plain, unit

# Cosines to all words that are held at once.
SCORES_AT_ONCE = 1 << 25


class Comparisons(Lookup):
    """Cosines between words, sets of words and all words; one or many at a time.

    Example:
      >>> from jaxw2v import WordVectors
      >>> from jaxw2v.corpus import Vocabulary
      >>> words = Vocabulary.from_counts(["cat", "dog", "sky"], [3, 2, 1])
      >>> wv = WordVectors(words, np.array([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0]]))
      >>> round(wv.similarity("cat", "dog"), 3), round(wv.distance("cat", "dog"), 3)
      (0.6, 0.4)
      >>> wv.similarity(["cat", "cat"], ["dog", "sky"]).round(3).tolist()
      [0.6, 0.0]
      >>> wv.distances("cat").round(3).tolist(), wv.rank("cat", "sky"), wv.closer_than("cat", "sky")
      ([0.0, 0.4000000059604645, 1.0], 2, ['dog'])
      >>> wv.doesnt_match(["cat", "dog", "sky"]), round(wv.n_similarity(["cat"], ["cat", "dog"]), 3)
      ('cat', 0.707)
      >>> wv.mean_vector(["cat", "sky"]).tolist()
      [0.5, 0.5]
    """

    def similarity(self, first: Words, second: Words) -> float | np.ndarray:
        r"""The cosine of two words.

        .. math:: \cos(a, b) = \frac{a \cdot b}{\|a\| \, \|b\|}

        Args:
          first: a word, or n of them.
          second: likewise; n and n are compared pair by pair, one and n as one with each.

        Returns:
          From -1 to 1; float64 [n] for many.

        Raises:
          KeyError: a word is missing.
          InputError: the numbers of words differ.
        """
        sides = [plain(first), plain(second)]
        _check_lengths(*(len(side) for side in sides if not isinstance(side, str)))
        cosines = _cosines(*(np.asarray(self[side], np.float64) for side in sides))
        return float(cosines) if cosines.ndim == 0 else cosines

    def distance(self, first: Words, second: Words) -> float | np.ndarray:
        """One minus :meth:`similarity`.

        Args:
          first: a word, or n of them.
          second: likewise.

        Returns:
          From 0 to 2; float64 [n] for many.

        Raises:
          KeyError: a word is missing.
        """
        return 1 - self.similarity(first, second)

    def n_similarity(
        self,
        first: Sequence[str] | Sequence[Sequence[str]],
        second: Sequence[str] | Sequence[Sequence[str]],
    ) -> float | np.ndarray:
        """The cosine between the means of two sets of words.

        Args:
          first: words, whose vectors are taken as they are; or n such lists.
          second: likewise.

        Returns:
          From -1 to 1; float64 [n] for many.

        Raises:
          KeyError: a word is missing.
          InputError: a set is empty, or the numbers of sets differ.
        """
        sides = [plain(first), plain(second)]
        many = any(map(_are_lists, sides))
        if not many:
            sides = [[_not_empty(side)] for side in sides]
        _check_lengths(*map(len, sides))
        means = [
            np.stack([np.mean(self[_not_empty(words)], axis=0, dtype=np.float64) for words in side])
            for side in sides
        ]
        cosines = _cosines(*means)
        return cosines if many else float(cosines[0])

    def distances(
        self, word_or_vector: Words | Vector | Sequence[Vector], other_words: Sequence[str] = ()
    ) -> np.ndarray:
        """One minus the cosine, to some words or to all.

        Args:
          word_or_vector: a word or a vector [D]; or n of them.
          other_words: m words; none are all V.

        Returns:
          float32 [m], or [V]; [n, m] or [n, V] for many.

        Raises:
          KeyError: a word is missing.
          InputError: a vector has another shape, or a number that is not finite.
        """
        asked, other_words = plain(word_or_vector), plain(other_words)
        one = is_item(asked)
        vectors = np.zeros((0, self.vectors.shape[1]), np.float32)
        if one or asked:
            vectors = np.stack([self._vector(item) for item in ([asked] if one else asked)])
        if other_words:
            others = np.asarray(self[other_words], np.float64)
            found = _cosines(np.asarray(vectors, np.float64)[:, None], others[None])
        else:
            cosines = neighbors.cosines(self._table, self._inverse, vectors)
            found = np.asarray(cosines)[:, : len(self)]
        found = (1 - found).astype(np.float32)
        return found[0] if one else found

    def doesnt_match(self, words: Sequence[str] | Sequence[Sequence[str]]) -> str | list[str]:
        """The word that is farthest from the mean of the unit vectors of all.

        Args:
          words: the words of which one does not match; or n such lists.

        Returns:
          The word; a list for many.

        Raises:
          KeyError: a word is missing.
          InputError: a list is empty.
        """
        asked = plain(words)
        if _are_lists(asked):
            return [self._odd_one(some) for some in asked]
        return self._odd_one(asked)

    def _odd_one(self, words: Sequence[str]) -> str:
        rows = np.asarray(self[_not_empty(words)], np.float64)
        units = unit(rows)
        return words[int(np.argmin(_cosines(units, units.mean(0))))]

    def closer_than(self, first: Words, second: Words) -> list[str] | list[list[str]]:
        """The words that are nearer to a word than another is.

        Args:
          first: a word, or n of them.
          second: likewise.

        Returns:
          Words in the order of the vocabulary; n such lists for many.

        Raises:
          KeyError: a word is missing.
          InputError: the numbers of words differ.
        """
        rows = self._closer(first, second)
        closer = [[self.words[i] for i in np.flatnonzero(row)] for row in rows]
        return closer[0] if isinstance(first, str) and isinstance(second, str) else closer

    def rank(self, first: Words, second: Words) -> int | np.ndarray:
        """The place of a word among the neighbors of another, from 1.

        Args:
          first: the word whose neighbors are ranked; or n of them.
          second: the word whose place is asked; likewise.

        Returns:
          The place; int64 [n] for many.

        Raises:
          KeyError: a word is missing.
          InputError: the numbers of words differ.
        """
        places = np.array([row.sum() + 1 for row in self._closer(first, second)], np.int64)
        return int(places[0]) if isinstance(first, str) and isinstance(second, str) else places

    def _closer(self, first: Words, second: Words):
        """For each pair: bool [V], the words nearer to the first than the second is."""
        pairs = [[side] if isinstance(side, str) else plain(side) for side in (first, second)]
        longest = max(map(len, pairs))
        pairs = [side * longest if len(side) == 1 else side for side in pairs]
        _check_lengths(*map(len, pairs))
        ids = [np.asarray(self._ids(side)) for side in pairs]
        at_once = max(1, SCORES_AT_ONCE // len(self))
        for start in range(0, longest, at_once):
            found = self.distances(pairs[0][start : start + at_once])
            for row, one, other in zip(found, *(i[start:] for i in ids), strict=False):
                closer = row < row[other]
                closer[one] = False
                yield closer

    def mean_vector(
        self,
        words: Sequence[str | Vector] | Sequence[Sequence[str | Vector]],
        weights: Sequence[float] | Sequence[Sequence[float]] | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = False,
    ) -> np.ndarray:
        r"""The weighted mean of vectors, such as those of a text's words.

        .. math:: \frac{\sum_i \lambda_i v_i}{\sum_i |\lambda_i|}

        Args:
          words: n words or vectors; or m such lists.
          weights: the weight of each; ``None`` is 1.
          pre_normalize: take the vectors of words at length one.
          post_normalize: scale the mean to length one.
          ignore_missing: leave out words that have no vector.

        Returns:
          float32 [D], zeros if all are left out; [m, D] for many.

        Raises:
          KeyError: a word is missing.
          InputError: a list is empty, words and weights differ in number, or a number is not
            finite.
        """
        asked = plain(words)
        if _are_lists(asked):
            lists: Sequence[Any] = [None] * len(asked) if weights is None else weights
            _check_lengths(len(asked), len(lists))
            settings = pre_normalize, post_normalize, ignore_missing
            return np.stack(
                [self.mean_vector(w, e, *settings) for w, e in zip(asked, lists, strict=True)]
            )
        each = np.ones(len(_not_empty(asked))) if weights is None else np.asarray(weights, float)
        _check_lengths(len(asked), len(each))
        if not np.isfinite(each).all():
            raise InputError("a weight is not a finite number")
        total, size = np.zeros(self.vectors.shape[1]), 0.0
        for item, weight in zip(asked, each, strict=True):
            if isinstance(item, str) and ignore_missing and item not in self:
                continue
            vector = np.asarray(self._vector(item), np.float64)
            if pre_normalize and isinstance(item, str):
                vector = unit(vector)
            total, size = total + weight * vector, size + abs(weight)
        mean = total / size if size else total
        return (unit(mean) if post_normalize else mean).astype(np.float32)


def _cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (unit(a) * unit(b)).sum(-1)


def _are_lists(value: Any) -> bool:
    return len(value) > 0 and isinstance(value[0], list)


def _not_empty(words: Sequence) -> Sequence:
    if isinstance(words, str):
        raise InputError(f"{words!r} is one word; a list of words is needed")
    if len(words) == 0:
        raise InputError("a list of words is empty; give at least one")
    return words


def _check_lengths(*lengths: int) -> None:
    if len(set(lengths)) > 1:
        raise InputError(
            f"{lengths[0]} of one and {lengths[1]} of the other were given; give as many of each"
        )
