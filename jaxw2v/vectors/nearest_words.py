"""The words nearest to words, vectors, and sums and products of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, TypeAlias, overload

import numpy as np

from jaxw2v.devices.row_sharding import take_rows
from jaxw2v.errors import InputError
from jaxw2v.vectors import neighbors
from jaxw2v.vectors.lookup import Lookup, Vector, is_item, plain, unit

Neighbors: TypeAlias = list[tuple[str, float]]
Item: TypeAlias = str | Vector | tuple[str | Vector, float]
One: TypeAlias = Item | Sequence[Item]
Many: TypeAlias = Sequence[Sequence[Item]]
METHODS = ("3cosadd", "3cosmul")


class NearestWords(Lookup):
    """Queries for the nearest words, one or many at a time.

    Example:
      >>> from jaxw2v import WordVectors
      >>> from jaxw2v.corpus import Vocabulary
      >>> words = Vocabulary.from_counts(["man", "woman", "king", "queen"], [4, 3, 2, 1])
      >>> wv = WordVectors(words, np.array([[1.0, 0, 3], [0, 1, 3], [1, 0, -3], [0, 1, -3]]))
      >>> wv.most_similar(["king", "woman"], ["man"], topn=1)[0][0]
      'queen'
      >>> [near[0][0] for near in wv.most_similar([["man"], ["king"]])]
      ['woman', 'queen']
      >>> wv.most_similar([("king", 1.0), ("man", -0.5)], topn=1, restrict_vocab=2)[0][0]
      'woman'
      >>> wv.most_similar_cosmul(["king", "woman"], ["man"], topn=1)[0][0]
      'queen'
      >>> wv.similar_by_vector(wv["man"], topn=1)[0][0], wv.analogy("man", "king", "woman")[0][0]
      ('man', 'queen')
    """

    @overload
    def most_similar(
        self,
        positive: One = (),
        negative: One = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors: ...

    @overload
    def most_similar(
        self,
        positive: Many = (),
        negative: Many = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[Neighbors]: ...

    def most_similar(
        self,
        positive: One | Many = (),
        negative: One | Many = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors | list[Neighbors]:
        r"""The words nearest to the mean of some vectors, negatives subtracted (3CosAdd).

        .. math:: \arg\max_v \cos\Big(w_v, \sum_p \lambda_p \hat w_p\Big)

        An item is a word, whose vector is taken at length one; or a vector, taken as it is; or a
        pair of either and its weight :math:`\lambda`, which is else 1, or -1 in ``negative``.

        Args:
          positive: an item, a list of items, or a list of such lists: one for each query.
          negative: likewise; with many queries, as many as ``positive`` has.
          topn: how many neighbors (words).
          restrict_vocab: only so many of the most frequent words answer; ``None`` is all.

        Returns:
          (word, cosine) pairs, the nearest first, without the words asked about; a list of such
          lists for many queries, which are answered together.

        Raises:
          KeyError: a word is missing; the message suggests others.
          InputError: there is no item, a vector or a weight is not finite, ``topn`` or
            ``restrict_vocab`` is below 1, or the queries do not match.

        Reference:
          Mikolov et al. 2013, "Linguistic Regularities in Continuous Space Word Representations".
        """
        return self._nearest(positive, negative, topn, restrict_vocab, by_product=False)

    @overload
    def most_similar_cosmul(
        self,
        positive: One = (),
        negative: One = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors: ...

    @overload
    def most_similar_cosmul(
        self,
        positive: Many = (),
        negative: Many = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[Neighbors]: ...

    def most_similar_cosmul(
        self,
        positive: One | Many = (),
        negative: One | Many = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Neighbors | list[Neighbors]:
        r"""The words whose product of similarities is largest (3CosMul).

        .. math:: \arg\max_v \frac{\prod_{\lambda_p > 0} s(v, p)}
                  {\prod_{\lambda_p < 0} s(v, p) + 10^{-6}}, \quad s = (\cos + 1) / 2

        Args:
          positive: as for :meth:`most_similar`, but vectors are taken at length one too; of a
            weight only the sign counts.
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
    ) -> Neighbors | list[Neighbors]:
        """The words nearest to a vector.

        Args:
          vector: float [D], or [Q, D] for many queries.
          topn: how many neighbors (words).
          restrict_vocab: only so many of the most frequent words answer; ``None`` is all.

        Returns:
          (word, cosine) pairs, the nearest first; a list of such lists for many queries.

        Raises:
          InputError: the shape is wrong, a number is not finite, or ``topn`` or
            ``restrict_vocab`` is below 1.
        """
        if np.ndim(vector) == 2:
            if not len(vector):
                return []
            return self.most_similar([[row] for row in vector], (), topn, restrict_vocab)
        return self.most_similar([vector], (), topn, restrict_vocab)

    def analogy(self, a: str, b: str, c: str, topn: int = 1, method: str = "3cosadd") -> Neighbors:
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
        ask = self.most_similar_cosmul if is_by_product(method) else self.most_similar
        return ask([b, c], [a], topn)

    def _nearest(
        self,
        positive: One | Many,
        negative: One | Many,
        topn: int,
        restrict: int | None,
        by_product: bool,
    ) -> Neighbors | list[Neighbors]:
        restrict = len(self) if restrict is None else restrict
        for name, number in (("topn", topn), ("restrict_vocab", restrict)):
            if not (isinstance(number, Integral) and number >= 1):
                raise InputError(
                    f"{name} is {number!r}; it must be an integer of 1 or more (the cosines of "
                    "all words are in distances)"
                )
        queries, many = _queries(plain(positive), plain(negative))
        topn, size = min(int(topn), len(self)), min(int(restrict), len(self))
        answers: list[Neighbors] = [[]] * len(queries)
        for batch in _batches(queries, by_product):
            asked = self._asked([queries[i] for i in batch], by_product)
            best = neighbors.nearest(self._table, self._inverse, asked, topn, size, by_product)
            for i, near in zip(batch, self._named(*map(np.asarray, best)), strict=False):
                answers[i] = near
        return answers if many else answers[0]

    def _asked(
        self, queries: list[list[tuple[str | Vector, float]]], by_product: bool
    ) -> neighbors.Queries:
        # Few different shapes are few programs to compile.
        shape = _power_of_two(len(queries)), _power_of_two(max(map(len, queries)))
        nowhere = self._table.shape[0]
        ids = np.full(shape, nowhere, np.int32)
        weights = np.zeros(shape, np.float32)
        given: dict[tuple[int, int], np.ndarray] = {}
        for row, query in enumerate(queries):
            for place, (item, weight) in enumerate(query):
                weights[row, place] = weight
                if self._is_made(item):
                    given[row, place] = unit(self._vector(item))
                elif isinstance(item, str):
                    ids[row, place] = self.vocabulary[item]
                else:
                    given[row, place] = self._vector(item)
        vectors = neighbors.unit_rows(take_rows(self._table, ids))
        if given:
            others = np.zeros((*shape, self.vectors.shape[1]), np.float32)
            for cell, vector in given.items():
                others[cell] = vector
            vectors = vectors + (neighbors.unit_rows(others) if by_product else others)
        return neighbors.Queries(vectors, weights, ids)

    def _named(self, scores: np.ndarray, rows: np.ndarray) -> list[Neighbors]:
        return [
            [(self.words[i], s) for s, i in zip(*query, strict=True) if s > -np.inf]
            for query in zip(scores.tolist(), rows.tolist(), strict=True)
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


def _queries(positive: Any, negative: Any) -> tuple[list[list[tuple[Any, float]]], bool]:
    """Items with weights for each query, and whether many were asked."""
    sides = [[side] if is_item(side) else side for side in (positive, negative)]
    many = not all(is_item(item) for side in sides for item in side)
    if many:
        plus, minus = ([[i] if is_item(i) else i for i in side] for side in sides)
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


def _batches(queries: list[list], by_product: bool) -> Iterator[list[int]]:
    """Queries that are answered together: about as wide as one another, and not too many."""
    order = sorted(range(len(queries)), key=lambda i: len(queries[i]))
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order):
            width = _power_of_two(len(queries[order[stop]]))
            # Products hold scores for each item, sums only vectors.
            held = width if by_product else -(-width // 4)
            if (stop - start + 1) * held > neighbors.QUERIES_AT_ONCE:
                break
            stop += 1
        yield order[start:stop]
        start = stop


def _weighted(item: Any, weight: float) -> tuple[Any, float]:
    if not isinstance(item, tuple):
        return item, weight
    if not np.isfinite(item[1]):
        raise InputError(f"a weight is {item[1]}; it must be a finite number")
    return item


def _power_of_two(number: int) -> int:
    return 1 << (number - 1).bit_length()
