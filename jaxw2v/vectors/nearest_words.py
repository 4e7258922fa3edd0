"""The words nearest to words, vectors, and sums and products of them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.vectors import neighbors
from jaxw2v.vectors.cut_rows import take_rows
from jaxw2v.vectors.lookup import Lookup, Vector

Neighbours: TypeAlias = list[tuple[str, float]]
Item: TypeAlias = str | Vector | tuple[str | Vector, float]
Side: TypeAlias = Item | Sequence[Item] | Sequence[Sequence[Item]]
METHODS = ("3cosadd", "3cosmul")


class NearestWords(Lookup):
    """Queries for the nearest words, one or many at a time."""

    def most_similar(
        self,
        positive: Side = (),
        negative: Side = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbours | list[Neighbours]:
        r"""The words nearest to the mean of some vectors, negatives subtracted (3CosAdd).

        .. math:: \arg\max_v \cos\Big(w_v, \sum_p \lambda_p \hat w_p\Big)

        An item is a word, whose vector is taken at length one; or a vector, taken as it is; or a
        pair of either and its weight :math:`\lambda`, which is else 1, or -1 in ``negative``.

        Args:
          positive: an item, a list of items, or a list of such lists: one for each query.
          negative: likewise; with many queries, as many as ``positive`` has.
          topn: how many neighbours (words).
          restrict_vocab: only so many of the most frequent words answer; ``None`` is all.

        Returns:
          (word, cosine) pairs, the nearest first, without the words asked about; a list of such
          lists for many queries, which are answered together.

        Raises:
          KeyError: a word is missing; the message suggests others.
          InputError: there is no item, ``topn`` or ``restrict_vocab`` is below 1, or the queries
            do not match.

        Reference:
          Mikolov et al. 2013, "Linguistic Regularities in Continuous Space Word Representations".
        """
        return self._nearest(positive, negative, topn, restrict_vocab, by_product=False)

    def most_similar_cosmul(
        self,
        positive: Side = (),
        negative: Side = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbours | list[Neighbours]:
        r"""The words whose product of similarities is largest (3CosMul).

        .. math:: \arg\max_v \frac{\prod_{\lambda_p > 0} s(v, p)}
                  {\prod_{\lambda_p < 0} s(v, p) + 10^{-6}}, \quad s = (\cos + 1) / 2

        Args:
          positive: as for :meth:`most_similar`; of a weight only the sign counts.
          negative: likewise.
          topn: how many answers (words).
          restrict_vocab: only so many of the most frequent words answer; ``None`` is all.

        Returns:
          As :meth:`most_similar`, with quotients for cosines.

        Raises:
          KeyError: a word is missing.
          InputError: as :meth:`most_similar`.

        Reference:
          Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word
          Representations".
        """
        return self._nearest(positive, negative, topn, restrict_vocab, by_product=True)

    def similar_by_vector(
        self, vector: Vector, topn: int = 10, restrict_vocab: int | None = None
    ) -> Neighbours | list[Neighbours]:
        """The words nearest to a vector.

        Args:
          vector: float [D], or [Q, D] for many queries.
          topn: how many neighbours (words).
          restrict_vocab: only so many of the most frequent words answer; ``None`` is all.

        Returns:
          (word, cosine) pairs, the nearest first; a list of such lists for many queries.

        Raises:
          InputError: the shape is wrong, or ``topn`` or ``restrict_vocab`` is below 1.
        """
        if np.ndim(vector) == 2:
            return self.most_similar([[row] for row in vector], (), topn, restrict_vocab)
        return self.most_similar([vector], (), topn, restrict_vocab)

    def analogy(self, a: str, b: str, c: str, topn: int = 1, method: str = "3cosadd") -> Neighbours:
        """Answers "a is to b as c is to ?".

        Args:
          a: a word, such as ``man``.
          b: its counterpart, such as ``king``.
          c: a word like a, such as ``woman``.
          topn: how many answers.
          method: ``3cosadd`` or ``3cosmul``.

        Returns:
          (word, score) pairs, the best first, without a, b and c.

        Raises:
          KeyError: a word is missing.
          InputError: the method is unknown or ``topn`` below 1.
        """
        return self._nearest([b, c], [a], topn, None, by_product=is_by_product(method))

    def _nearest(
        self, positive: Side, negative: Side, topn: int, restrict: int | None, by_product: bool
    ) -> Neighbours | list[Neighbours]:
        for name, number in (("topn", topn), ("restrict_vocab", restrict)):
            if number is not None and number < 1:
                raise InputError(f"{name} is {number}; it must be 1 or more")
        queries, many = _queries(positive, negative)
        answers: list[Neighbours] = []
        widest = _power_of_two(max(map(len, queries), default=1))
        at_once = neighbors.QUERIES_AT_ONCE // (widest if by_product else 1)
        for start in range(0, len(queries), at_once):
            part = queries[start : start + at_once]
            asked = self._asked(part, widest, by_product)
            size = min(restrict or len(self), len(self))
            best = neighbors.nearest(
                self._table, self._inverse, asked, min(topn, len(self)), size, by_product
            )
            answers += self._named(*map(np.asarray, best), len(part))
        return answers if many else answers[0]

    def _asked(
        self, queries: list[list[tuple[str | Vector, float]]], widest: int, by_product: bool
    ) -> neighbors.Queries:
        # Few different shapes are few programs to compile.
        shape, nowhere = (_power_of_two(len(queries)), widest), self._table.shape[0]
        ids = np.full(shape, nowhere, np.int32)
        weights = np.zeros(shape, np.float32)
        given: dict[tuple[int, int], np.ndarray] = {}
        for row, query in enumerate(queries):
            for place, (item, weight) in enumerate(query):
                weights[row, place] = weight
                if isinstance(item, str):
                    ids[row, place] = self.vocabulary[item]
                else:
                    given[row, place] = self._vector(item)
        vectors = neighbors.unit_rows(take_rows(self._table, ids))
        if given:
            others = np.zeros((*shape, self.vectors.shape[1]), np.float32)
            for place, vector in given.items():
                others[place] = vector
            vectors = vectors + (neighbors.unit_rows(others) if by_product else others)
        return neighbors.Queries(vectors, weights, ids)

    def _named(self, scores: np.ndarray, rows: np.ndarray, count: int) -> list[Neighbours]:
        found = zip(scores[:count].tolist(), rows[:count].tolist(), strict=True)
        return [
            [(self.words[i], s) for s, i in zip(*query, strict=True) if s > -np.inf]
            for query in found
        ]


def is_by_product(method: str) -> bool:
    """Whether a method of answering analogies is 3CosMul.

    Args:
      method: one of :data:`METHODS`.

    Returns:
      Whether it is; if not, it is 3CosAdd.

    Raises:
      InputError: it is neither.
    """
    if method not in METHODS:
        raise InputError(f"analogy method {method!r} is unknown: {' or '.join(METHODS)}")
    return method == "3cosmul"


def _queries(positive: Side, negative: Side) -> tuple[list[list[tuple[Any, float]]], bool]:
    """Items with weights for each query, and whether many were asked."""
    sides = [[side] if _is_item(side) else list(side) for side in (positive, negative)]
    many = not all(_is_item(item) for side in sides for item in side)
    if many:
        plus, minus = ([[i] if _is_item(i) else list(i) for i in side] for side in sides)
        minus = minus or [[]] * len(plus)
        plus = plus or [[]] * len(minus)
    else:
        plus, minus = ([side] for side in sides)
    if len(plus) != len(minus):
        raise InputError(
            f"positive has {len(plus)} queries and negative {len(minus)}; give as many of each"
        )
    queries = [
        [_weighted(item, 1.0) for item in p] + [_weighted(item, -1.0) for item in n]
        for p, n in zip(plus, minus, strict=True)
    ]
    if not all(queries):
        raise InputError("a query of most_similar needs at least one word or vector")
    return queries, many


def _is_item(value: Any) -> bool:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Real):
        return _is_item(value[0])
    return isinstance(value, str) or (hasattr(value, "ndim") and value.ndim == 1)


def _weighted(item: Any, weight: float) -> tuple[Any, float]:
    return item if isinstance(item, tuple) else (item, weight)


def _power_of_two(number: int) -> int:
    return 1 << (number - 1).bit_length()
