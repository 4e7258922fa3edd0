"""Words with a table of vectors, and where it lies: what all questions are asked of."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, TypeAlias

import jax
import numpy as np

from jaxw2v.corpus.vocabulary import Vocabulary
from jaxw2v.devices.row_sharding import Rows, checked_rows, pieces, row_sharding, take_rows
from jaxw2v.errors import InputError
from jaxw2v.vectors import neighbors
from jaxw2v.vectors.subword_vectors import SubwordVectors

Vector: TypeAlias = np.ndarray | jax.Array
Words: TypeAlias = str | Sequence[str]
# What a query derives from the vectors.
_CACHED = ("_table", "_inverse")


class Lookup:
    """Vectors by word; the base of :class:`~jaxw2v.WordVectors`."""

    vocabulary: Vocabulary
    subwords: SubwordVectors | None = None

    @property
    def vectors(self) -> Rows:
        """float32 [V, D], a row a word, which cannot be changed in place; others may be assigned.

        A numpy array; or a JAX array, cut by rows over the devices of a mesh, which stays there
        (rows past V are padding).
        """
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: Rows) -> None:
        self._vectors = checked_rows(vectors, len(self.vocabulary), "vectors")
        # What others are made of is not known.
        self.subwords = None
        for made_of_it in _CACHED:
            self.__dict__.pop(made_of_it, None)

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name not in _CACHED}
        for name in ("_vectors", "_output_vectors"):
            if state.get(name) is not None and row_sharding(state[name]) is not None:
                # Another process need not have the devices.
                state[name] = np.concatenate(list(pieces(state[name], len(self))))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        # An earlier version pickled this name without the leading underscore.
        self.__dict__.update({"_output_vectors": state.pop("output_vectors", None)} | state)
        for vectors in (self.__dict__["_vectors"], self.__dict__["_output_vectors"]):
            if isinstance(vectors, np.ndarray):
                # Neither pickle nor deepcopy keeps this.
                vectors.flags.writeable = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words by id: the most frequent first, those of a continued run after the old ones."""
        return self.vocabulary.words

    @property
    def counts(self) -> np.ndarray:
        """int64 [V], occurrences in the corpus."""
        return self.vocabulary.counts

    @functools.cached_property
    def _table(self) -> jax.Array:
        """The vectors on the device or devices; on a CPU in the same memory, where that can be."""
        return self.vectors if isinstance(self.vectors, jax.Array) else jax.device_put(self.vectors)

    @functools.cached_property
    def _inverse(self) -> jax.Array:
        return neighbors.inverse_lengths(self._table)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __contains__(self, word: object) -> bool:
        """Whether a word has a vector: one that is not in the vocabulary, by its n-grams."""
        return word in self.vocabulary or self._is_made(word)

    def _is_made(self, word: object) -> bool:
        """Whether the vector of a word is made of n-grams alone."""
        if self.subwords is None or not isinstance(word, str) or word in self.vocabulary:
            return False
        return self.subwords.has(word)

    def __getitem__(self, words: Words) -> np.ndarray:
        """The vector of a word [D], or of several [n, D]; KeyError with suggestions."""
        words = plain(words)
        many = [words] if isinstance(words, str) else words
        made = [i for i, word in enumerate(many) if self._is_made(word)]
        if not made:
            return self._rows(self._ids(words))
        assert self.subwords is not None
        vectors = np.zeros((len(many), self.vectors.shape[1]), np.float32)
        vectors[made] = self.subwords([many[i] for i in made])
        known = np.setdiff1d(np.arange(len(many)), made)
        vectors[known] = self._rows(self._ids([many[i] for i in known]))
        return vectors[0] if isinstance(words, str) else vectors

    def _rows(self, ids: int | np.ndarray) -> np.ndarray:
        if row_sharding(self.vectors) is None:
            return np.asarray(self.vectors[ids])
        return np.asarray(take_rows(self.vectors, ids))

    def _ids(self, words: Words) -> int | np.ndarray:
        words = plain(words)
        if isinstance(words, str):
            return self.vocabulary[words]
        return np.array([self.vocabulary[word] for word in words], np.int32)

    def _vector(self, item: str | Vector) -> np.ndarray:
        """The vector of a word, or the finite one that was given: float32 [D]."""
        if isinstance(item, str):
            return self[item]
        with np.errstate(over="ignore"):
            vector, dim = np.asarray(item, np.float32), self.vectors.shape[1]
        if vector.shape != (dim,):
            raise InputError(f"a vector of shape {vector.shape} was given; expected ({dim},)")
        if not np.isfinite(vector).all():
            raise InputError("a vector was given that holds a number that is not finite in float32")
        return vector


def plain(value: Any) -> Any:
    """What somebody asks about, in words, vectors and lists of them.

    Args:
      value: a word, a vector (an array of numbers), a pair of either and its weight, or any
        iterable of such: a tuple, a set, a generator, an array of words, a matrix.

    Returns:
      Words, vectors and pairs as they are, iterables as lists.

    Raises:
      InputError: something is none of these.

    Example:
      >>> plain((word for word in ("a", "b"))), plain(np.array([["a"], ["b"]]))
      (['a', 'b'], [['a'], ['b']])
    """
    if is_item(value):
        return str(value) if isinstance(value, np.str_) else value
    if isinstance(value, np.ndarray) and value.dtype.kind in "UO":
        return plain(value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    raise InputError(f"{value!r} is neither a word nor a vector nor a list of them; give one")


def is_item(value: Any) -> bool:
    """Whether something is a word, a vector, or a pair of either and its weight."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Real):
        return is_item(value[0])
    if isinstance(value, str):
        return True
    return getattr(value, "ndim", 0) == 1 and np.dtype(value.dtype).kind in "fiu"


def unit(rows: np.ndarray) -> np.ndarray:
    """Scales rows to length one, on the host; zero rows stay zero.

    Args:
      rows: float [..., D].

    Returns:
      float [..., D].

    Example:
      >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
      [[0.6, 0.8], [0.0, 0.0]]
    """
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(length > 0, length, 1)
