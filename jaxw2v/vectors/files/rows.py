"""Rows of a file of vectors as they are read: checked, collected, joined."""

from __future__ import annotations

import dataclasses
import math
import numbers
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.vectors.subword_vectors import SubwordVectors

Errors = Literal["strict", "replace", "skip"]
ERRORS: tuple[str, ...] = get_args(Errors)
# Blocks grow with the table up to this size (bytes), at which a freed one goes back to the system.
BLOCK_BYTES = 1 << 26


class Table(NamedTuple):
    """What a file of vectors holds.

    Attributes:
      words: V distinct words.
      vectors: float32 [V, D].
      counts: int64 [V], occurrences; ``None`` where the format has none.
      output_vectors: float32 [V, D], or ``None``.
      subwords: the vectors of n-grams of which ``vectors`` were made, or ``None``.
    """

    words: tuple[str, ...]
    vectors: np.ndarray
    counts: np.ndarray | None = None
    output_vectors: np.ndarray | None = None
    subwords: SubwordVectors | None = None


def check_options(limit: int | None, errors: str) -> None:
    """Makes sure that options of loading are valid.

    Args:
      limit: words to read.
      errors: what to do with bad rows.

    Raises:
      InputError: they cannot.
    """
    is_number = isinstance(limit, numbers.Integral) and not isinstance(limit, bool)
    if limit is not None and not (is_number and limit >= 1):
        raise InputError(f"limit is {limit!r}; it must be an integer of 1 or more, or None")
    if errors not in ERRORS:
        raise InputError(f"errors is {errors!r}; it must be one of {', '.join(ERRORS)}")


def empty_table(rows: int, dim: int) -> np.ndarray:
    """An array that a CPU device can use where it lies: it begins at a multiple of 64 bytes.

    Args:
      rows: V.
      dim: D.

    Returns:
      float32 [V, D], not initialised.
    """
    space = np.empty(rows * dim + 16, np.float32)
    start = -space.ctypes.data % 64 // 4
    return space[start : start + rows * dim].reshape(rows, dim)


@dataclasses.dataclass
class Rows:
    """Collects rows, and decides about those that cannot be used.

    Attributes:
      path: the path of the file, for messages.
      errors: ``strict`` refuses the file; ``replace`` puts U+FFFD where bytes are not UTF-8, and
        keeps the first of words that become the same by it; ``skip`` leaves bad rows out, where
        the format allows it.
      limit: read so many rows at most.
      unit: what rows are called in messages: a line, or a word.
      can_skip: whether the format says where a row begins after one that cannot be used.
    """

    path: str | Path
    errors: Errors
    limit: float = math.inf
    unit: Literal["line", "word"] = "line"
    can_skip: bool = True

    def __post_init__(self) -> None:
        self.words: dict[str, int] = {}
        self.read = 0
        self._blocks: list[np.ndarray] = []
        self._room = 0
        self._bad: Counter[str] = Counter()
        self._first_bad = ""

    @property
    def left(self) -> float:
        """How many good rows are still wanted."""
        return self.limit - len(self.words)

    def wanted(self, size: int) -> int:
        """How many of so many rows are read at most."""
        return int(min(size, self.limit))

    def refuse(self, number: int, what: str) -> None:
        """Says that a row cannot be used.

        Args:
          number: its line, or its place among the words.
          what: what is wrong with it.

        Raises:
          InputError: ``errors`` is not ``skip``, or the format has no place to go on from.
        """
        where = f"{self.path}:{number}" if self.unit == "line" else f"{self.path}: word {number}"
        if not self.can_skip:
            raise InputError(
                f"{where}: {what}; mend the file: in word2vec's binary format no row can be left "
                "out, because a blank inside a word shifts all rows after it"
            )
        if self.errors != "skip":
            raise InputError(
                f"{where}: {what}; mend the file, or leave such rows out by --errors skip"
            )
        self._first_bad = self._first_bad or where
        self._bad[what.partition(":")[0]] += 1

    def short(self, found: int, promised: int) -> InputError:
        """The error of a file that ends too early, though between two rows.

        Args:
          found: rows that can be read.
          promised: rows that the header speaks of.

        Returns:
          It, to raise.
        """
        remedy = f", or read or export what is there by --limit {found}" if found else ""
        return InputError(
            f"{self.path}: cut short, or its header is wrong: it promises {promised:,} words and "
            f"the file holds {found:,}; get the file again{remedy}"
        )

    def goes_on(self, where: str | Path, promised: int) -> InputError:
        """The error of a file that holds more rows than its header says.

        Args:
          where: the file, and the line if there are lines.
          promised: rows that the header speaks of.

        Returns:
          It, to raise.
        """
        return InputError(
            f"{where}: goes on after the {promised:,} words that its header promises; mend the "
            f"header or the file, or read only those by --limit {promised}"
        )

    def decode(self, word: bytes, number: int) -> str | None:
        """Turns bytes into a word.

        Args:
          word: the bytes.
          number: the number of its row.

        Returns:
          The word; ``None`` if its row is left out.
        """
        try:
            return word.decode("utf-8", "replace" if self.errors == "replace" else "strict")
        except UnicodeDecodeError as error:
            self.refuse(number, f"the word is not UTF-8: byte 0x{word[error.start]:02x}")
            return None

    def add(self, words: Sequence[str | None], vectors: np.ndarray, numbers: Sequence[int]) -> None:
        """Takes rows.

        Args:
          words: n of them; ``None`` for rows that have been refused.
          vectors: float32 [n, D].
          numbers: the numbers of the rows.
        """
        self.read += len(words)
        keep = np.ones(len(words), bool)
        finite = np.isfinite(vectors).all(axis=1)
        for i, word in enumerate(words):
            keep[i] = word is not None and self._is_good(word, finite[i], numbers[i])
        self._append(vectors if keep.all() else vectors[keep])

    def _append(self, vectors: np.ndarray) -> None:
        """Puts rows into the last block, and begins another one when it is full."""
        fits = vectors[: self._room]
        if len(fits):
            start = len(self._blocks[-1]) - self._room
            self._blocks[-1][start : start + len(fits)] = fits
            self._room -= len(fits)
            vectors = vectors[len(fits) :]
        if len(vectors):
            large = BLOCK_BYTES // (4 * vectors.shape[1])
            size = max(len(vectors), min(len(self.words), large))
            if size > len(vectors):
                block = empty_table(size, vectors.shape[1])
                block[: len(vectors)] = vectors
            else:
                block = vectors
            self._blocks.append(block)
            self._room = size - len(vectors)

    def _is_good(self, word: str, finite: bool, number: int) -> bool:
        if not word:
            self.refuse(number, "the word is empty")
        elif not finite:
            self.refuse(number, f"holds a number that is not finite: the vector of {word!r}")
        elif self.words.setdefault(word, number) == number:
            return True
        elif "�" not in word or self.errors != "replace":
            first = self.words[word]
            self.refuse(
                number, f"the word stands there twice: {word!r}, first as {self.unit} {first}"
            )
        return False

    def join(self) -> tuple[tuple[str, ...], np.ndarray]:
        """All rows, with a warning if some were left out.

        Returns:
          The words, and float32 [V, D].

        Raises:
          InputError: there is none.
        """
        if self._bad:
            kinds = ", ".join(f"{count:,} where {what}" for what, count in self._bad.most_common())
            warnings.warn(
                f"{self.path}: {self._bad.total():,} rows are left out: {kinds}; the first is "
                f"{self._first_bad}",
                RuntimeWarning,
                stacklevel=2,
            )
        if not self.words:
            raise InputError(f"{self.path}: holds no vector")
        if len(self._blocks) == 1:
            return tuple(self.words), self._blocks[0][: len(self.words)]
        vectors = empty_table(len(self.words), self._blocks[0].shape[1])
        start = 0
        for i, block in enumerate(self._blocks):
            rows = block[: len(self.words) - start]
            vectors[start : start + len(rows)] = rows
            start += len(rows)
            # What is joined need not be held twice.
            self._blocks[i] = vectors[:0]
            del block, rows
        return tuple(self.words), vectors
