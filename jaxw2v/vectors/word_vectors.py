"""Words with their vectors, and the questions one asks of them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.errors import InputError
from jaxw2v.vectors import formats, neighbors
from jaxw2v.vectors.cut_rows import Rows, checked_rows, row_cut, take_rows

Neighbours: TypeAlias = list[tuple[str, float]]
Words: TypeAlias = str | Sequence[str]


class WordVectors:
    """Word vectors in memory.

    Names and meanings are those of gensim's ``KeyedVectors`` where it has them.

    Attributes:
      vocabulary: the words and their counts.
      vectors: float32 [V, D] numpy array, a row a word; or a JAX array, cut by rows over the
        devices of a mesh, which stays there (rows past V are padding).
      output_vectors: likewise, the output embedding, or ``None``.

    Example:
      >>> vocabulary = Vocabulary.from_counts(["cat", "dog", "sky"], [3, 2, 1])
      >>> wv = WordVectors(vocabulary, np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]]))
      >>> wv.most_similar("cat", topn=1)[0][0]
      'dog'
      >>> "bird" in wv
      False
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        vectors: Rows,
        output_vectors: Rows | None = None,
    ):
        """Joins words and vectors.

        Args:
          vocabulary: V words.
          vectors: [V, D] floating; with V rows or more if it is cut over devices.
          output_vectors: likewise, or ``None``.

        Raises:
          InputError: the shapes differ, or a number is not finite.
        """
        self.vocabulary = vocabulary
        self.vectors = checked_rows(vectors, len(vocabulary), "vectors")
        self.output_vectors = None
        if output_vectors is not None:
            self.output_vectors = checked_rows(output_vectors, len(vocabulary), "output_vectors")

    @property
    def words(self) -> tuple[str, ...]:
        """The words, the most frequent first."""
        return self.vocabulary.words

    @property
    def counts(self) -> np.ndarray:
        """int64 [V], occurrences in the corpus."""
        return self.vocabulary.counts

    @functools.cached_property
    def units(self) -> jax.Array:
        """float32 [V, D], the vectors scaled to length one, on the device or devices."""
        return neighbors.unit_rows(jnp.asarray(self.vectors))

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __contains__(self, word: object) -> bool:
        return word in self.vocabulary

    def __getitem__(self, words: Words) -> np.ndarray:
        """The vector of a word [D], or of several [n, D]; KeyError with suggestions."""
        if row_cut(self.vectors) is None:
            return self.vectors[self._ids(words)]
        return np.asarray(take_rows(self.vectors, self._ids(words)))

    def _ids(self, words: Words) -> int | np.ndarray:
        if isinstance(words, str):
            return self.vocabulary[words]
        return np.array([self.vocabulary[word] for word in words], np.int32)

    def similarity(self, first: str, second: str) -> float:
        """The cosine of two words.

        Args:
          first: a word.
          second: another.

        Returns:
          From -1 to 1.

        Raises:
          KeyError: a word is missing.
        """
        a, b = self[first].astype(np.float64), self[second].astype(np.float64)
        length = np.linalg.norm(a) * np.linalg.norm(b)
        return float(a @ b / length) if length else 0.0

    def most_similar(
        self,
        positive: Words | Sequence[Sequence[str]] = (),
        negative: Words | Sequence[Sequence[str]] = (),
        topn: int = 10,
    ) -> Neighbours | list[Neighbours]:
        """The words nearest to the mean of some unit vectors, negatives subtracted.

        Args:
          positive: a word, a list of words, or a list of such lists: one for each query.
          negative: likewise; with many queries, as many lists as ``positive`` has.
          topn: how many neighbours.

        Returns:
          (word, cosine) pairs, the nearest first, without the words asked about; a list of such
          lists for many queries, which are answered in one call.

        Raises:
          KeyError: a word is missing.
          InputError: there is no word, ``topn`` is below 1, or the queries do not match.
        """
        many = any(not isinstance(item, str) for item in [*positive, *negative])
        plus = _queries(positive, many)
        minus = _queries(negative, many)
        if not (plus or minus):
            raise InputError("most_similar needs at least one word")
        minus = minus or [[]] * len(plus)
        plus = plus or [[]] * len(minus)
        if len(plus) != len(minus):
            raise InputError(
                f"positive has {len(plus)} queries and negative {len(minus)}; give as many of each"
            )
        if not all(p or n for p, n in zip(plus, minus, strict=True)):
            raise InputError("a query of most_similar needs at least one word")
        answers = self._answer(plus, minus, topn)
        return answers if many else answers[0]

    def _answer(self, plus: list[list[str]], minus: list[list[str]], topn: int):
        widest = max(len(p) + len(n) for p, n in zip(plus, minus, strict=True))
        ids = np.full((len(plus), widest), self.units.shape[0], np.int32)
        weights = np.zeros((len(plus), widest), np.float32)
        for row, (p, n) in enumerate(zip(plus, minus, strict=True)):
            ids[row, : len(p) + len(n)] = [self.vocabulary[word] for word in [*p, *n]]
            weights[row, : len(p) + len(n)] = [1] * len(p) + [-1] * len(n)
        topn = self._topn(topn)
        answers: list[Neighbours] = []
        at_once = max(1, neighbors.SCORES_AT_ONCE // len(self))
        for start in range(0, len(ids), at_once):
            part = slice(start, start + at_once)
            rows = take_rows(self.units, ids[part])
            queries = (rows * weights[part][..., None]).sum(1)
            best = neighbors.nearest(self.units, queries, ids[part], topn, len(self))
            answers += self._named(*best)
        return answers

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
        if method == "3cosadd":
            return self.most_similar([b, c], [a], topn)
        if method != "3cosmul":
            raise InputError(f"analogy method {method!r} is unknown: 3cosadd or 3cosmul")
        ids = self._ids([a, b, c])
        rows = take_rows(self.units, ids)
        best = neighbors.nearest_by_product(
            self.units, rows[:1], rows[1:2], rows[2:], ids[None], self._topn(topn), len(self)
        )
        return self._named(*best)[0]

    def _topn(self, topn: int) -> int:
        if topn < 1:
            raise InputError(f"topn is {topn}; it must be 1 or more")
        return min(topn, len(self))

    def _named(self, scores: jax.Array, rows: jax.Array) -> list[Neighbours]:
        return [
            [(self.words[i], s) for s, i in zip(score, row, strict=True) if s > -np.inf]
            for score, row in zip(
                np.asarray(scores).tolist(), np.asarray(rows).tolist(), strict=True
            )
        ]

    def to_embed(self) -> nnx.Embed:
        """The vectors as a Flax layer, to start a network from.

        Returns:
          An ``nnx.Embed`` whose row v is the vector of word v.

        Raises:
          InputError: the vectors are cut over devices.
        """
        if row_cut(self.vectors) is not None:
            raise InputError("the vectors are cut over devices; save and load them to get a layer")
        embed = nnx.Embed(*self.vectors.shape, rngs=nnx.Rngs(0))
        embed.embedding[...] = jnp.asarray(self.vectors)
        return embed

    def save(self, folder: str | Path) -> None:
        """Writes ``vectors.safetensors`` and ``vocabulary.tsv``, each renamed when complete.

        Args:
          folder: made if missing.
        """
        formats.save_folder(folder, self.vocabulary, self.vectors, self.output_vectors)

    @classmethod
    def load(cls, folder: str | Path) -> WordVectors:
        """Reads what :meth:`save` wrote.

        Args:
          folder: the folder.

        Returns:
          The vectors.

        Raises:
          InputError: a file is missing, cut short, or holds numbers that are not finite.
        """
        return cls(*formats.load_folder(folder))

    def variant(self, which: Literal["input", "output", "sum"]) -> WordVectors:
        """The same words with other vectors.

        Args:
          which: the input rows, the output rows, or the sum of both.

        Returns:
          The vectors, without output rows of their own.

        Raises:
          InputError: there are no output rows, or ``which`` is unknown.

        Example:
          >>> vocabulary = Vocabulary.from_counts(["cat", "dog"], [2, 1])
          >>> wv = WordVectors(vocabulary, np.ones((2, 3)), np.full((2, 3), 2.0))
          >>> wv.variant("sum")["dog"].tolist()
          [3.0, 3.0, 3.0]
        """
        if which not in ("input", "output", "sum"):
            raise InputError(f"which is {which!r}; it must be input, output or sum")
        if which == "input":
            return WordVectors(self.vocabulary, self.vectors)
        if self.output_vectors is None:
            raise InputError(
                "there are no output vectors: hierarchical softmax has none for words, and files "
                "of other programs hold one kind only"
            )
        added = self.vectors if which == "sum" else 0
        return WordVectors(self.vocabulary, self.output_vectors + added)

    def save_word2vec(self, path: str | Path, binary: bool = False) -> None:
        """Writes word2vec.c's format, which gensim and many others read.

        Args:
          path: the file.
          binary: float32 bytes rather than decimals.

        Raises:
          InputError: a word holds white space, which the format cannot hold.
        """
        formats.save_word2vec(path, self.words, self.vectors, binary)

    @classmethod
    def load_word2vec(cls, path: str | Path, binary: bool = False) -> WordVectors:
        """Reads word2vec.c's format; counts, which it lacks, fall with the rank.

        Args:
          path: the file.
          binary: whether it is the binary form.

        Returns:
          The vectors.

        Raises:
          InputError: the header is wrong, the file is cut short, or a number is not finite.
        """
        words, vectors = formats.load_word2vec(path, binary)
        return cls(Vocabulary(words, np.arange(len(words), 0, -1)), vectors)


def _queries(words: Words | Sequence[Sequence[str]], many: bool) -> list[list[str]]:
    if isinstance(words, str):
        return [[words]]
    if many:
        return [[item] if isinstance(item, str) else list(item) for item in words]
    return [list(words)] if words else []
