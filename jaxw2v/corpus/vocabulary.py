"""The vocabulary: words with their counts, the most frequent first."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from jaxw2v.errors import InputError

_BREAKS = frozenset("\t\n\r")
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(word: object) -> None:
    """Makes sure that a word is text that UTF-8 can hold.

    Args:
      word: the word.

    Raises:
      InputError: it is no string, or holds half of a surrogate pair.
    """
    if not isinstance(word, str):
        raise InputError(f"the word {word!r} is no string; give str(word)")
    if not word.isascii() and _SURROGATE.search(word):
        raise InputError(f"the word {word!r} holds half of a surrogate pair, no character")


def check_words(words: Iterable[str]) -> None:
    """Makes sure that words can stand in a file of lines and tabs.

    Args:
      words: any.

    Raises:
      InputError: one is empty, no string, or holds a tab, a line break or half of a surrogate pair.
    """
    for word in words:
        check_text(word)
        if not word or not _BREAKS.isdisjoint(word):
            raise InputError(
                f"the word {word!r} is empty or holds a tab or a line break, which the "
                "vocabulary file cannot hold; change the tokens or the tokenizer"
            )


class MissingWord(KeyError):
    """A word that is not in the vocabulary; the message, with close words, is made when read."""

    def __init__(self, word: str, message: Callable[[], str]):
        """Remembers what was asked.

        Args:
          word: the word that is missing.
          message: makes what the exception says.
        """
        super().__init__(word)
        self._message = message

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self):
        # Another process gets the words of the message, and not the vocabulary.
        return type(self), (self.args[0], functools.partial(str, str(self)))


@dataclasses.dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words by id, with how often each occurs in the corpus.

    Attributes:
      words: tuple of V distinct words; a word's place is its id.
      counts: int64 [V], occurrences.

    Example:
      >>> vocabulary = Vocabulary.from_counts(["b", "a", "c"], [2, 2, 1], min_count=2)
      >>> vocabulary.words, vocabulary["b"], "c" in vocabulary
      (('a', 'b'), 1, False)
    """

    words: tuple[str, ...]
    counts: np.ndarray

    @classmethod
    def from_counts(
        cls,
        words: Sequence[str] | pl.Series,
        counts: Sequence[int] | np.ndarray,
        min_count: int = 1,
        max_size: int | None = None,
    ) -> Vocabulary:
        """Orders words by falling count, then by word, and drops the rare ones.

        Args:
          words: distinct words.
          counts: [len(words)] integer, occurrences of each.
          min_count: words below this many occurrences are dropped.
          max_size: the number of words to keep at most; ``None`` keeps all.

        Returns:
          The vocabulary.
        """
        table = pl.DataFrame({"word": words, "count": np.asarray(counts, np.int64)})
        table = table.filter(pl.col("count") >= min_count)
        table = table.sort(["count", "word"], descending=[True, False])
        if max_size is not None:
            table = table.head(max_size)
        return cls(tuple(table["word"].to_list()), table["count"].to_numpy())

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        """From word to id."""
        return {word: i for i, word in enumerate(self.words)}

    @functools.cached_property
    def _by_lowercase(self) -> dict[str, str]:
        """From a word in lower case to the most frequent one that is written so or otherwise."""
        return {word.lower(): word for word in reversed(self.words)}

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of words and counts."""
        digest = hashlib.sha256("\n".join(self.words).encode())
        digest.update(np.ascontiguousarray(self.counts).data)
        return digest.hexdigest()

    def fold(self, word: str) -> str:
        """Finds a word whatever its case.

        Args:
          word: as somebody wrote it.

        Returns:
          The word itself if it is here, or if no word differs from it by case only; else the most
          frequent one that does.

        Example:
          >>> vocabulary = Vocabulary.from_counts(["king", "Paris", "UNK"], [3, 2, 1])
          >>> [vocabulary.fold(word) for word in ("King", "Paris", "paris", "Rome")]
          ['king', 'Paris', 'Paris', 'Rome']
        """
        known = self._spelt(word)
        return self._by_lowercase.get(known.lower(), known) if known not in self.ids else known

    def __len__(self) -> int:
        return len(self.words)

    def _spelt(self, word: Any) -> Any:
        """The word itself, or, where it is not here, composed as the tokenizer does it (NFC)."""
        if isinstance(word, str) and not word.isascii() and word not in self.ids:
            return unicodedata.normalize("NFC", word)
        return word

    def __contains__(self, word: object) -> bool:
        return self._spelt(word) in self.ids

    def __getitem__(self, word: str) -> int:
        try:
            return self.ids[self._spelt(word)]
        except KeyError:
            raise MissingWord(word, functools.partial(self.missing, word)) from None

    def missing(self, word: str) -> str:
        """The message for a word that is not here, with close ones.

        Args:
          word: the word that was asked for.

        Returns:
          One line.
        """
        folded = word.lower()
        if folded in self.ids:
            close = [folded]
        else:
            near = [w for w in self.words if abs(len(w) - len(word)) <= 2]
            close = difflib.get_close_matches(word, near, n=3, cutoff=0.7)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        return f"word {word!r} is not in the vocabulary of {len(self)} words{hint}"

    def save(self, path: str | Path) -> None:
        """Writes ``word<TAB>count``, a line a word, in the order of the ids.

        Args:
          path: the file to write.

        Raises:
          InputError: a word cannot stand in such a file, or the counts are not a number a word.
        """
        check_words(self.words)
        counts = np.asarray(self.counts)
        is_whole = np.issubdtype(counts.dtype, np.integer) and counts.min(initial=0) >= 0
        if counts.shape != (len(self),) or not is_whole:
            raise InputError(
                f"counts are {counts.dtype} {list(counts.shape)}; expected {len(self)} whole "
                "numbers from 0, one a word"
            )
        lines = (f"{w}\t{c}\n" for w, c in zip(self.words, counts.tolist(), strict=True))
        Path(path).write_text("".join(lines), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Reads what :meth:`save` wrote.

        Args:
          path: a file of ``word<TAB>count`` lines.

        Returns:
          The vocabulary, in the order of the file.

        Raises:
          InputError: the file is missing or a line has another form.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot read the vocabulary: {error}") from None
        words, counts = [], []
        *lines, rest = text.split("\n")
        if rest:
            raise InputError(f"{path}: cut short in line {len(lines) + 1}; restore the file")
        for number, line in enumerate(lines, start=1):
            word, tab, count = line.partition("\t")
            if not (word and tab and count.isascii() and count.isdigit()):
                raise InputError(f"{path}:{number}: expected word<TAB>count, got {line[:60]!r}")
            words.append(word)
            counts.append(int(count))
        if len(set(words)) != len(words):
            first: dict[str, int] = {}
            numbered = enumerate(words, start=1)
            number, word = next((n, w) for n, w in numbered if first.setdefault(w, n) != n)
            raise InputError(
                f"{path}:{number}: the word stands there twice: {word!r}, first as line "
                f"{first[word]}; restore the file"
            )
        return cls(tuple(words), np.asarray(counts, np.int64))
