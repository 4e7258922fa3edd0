"""Phrases: words that stand together more often than chance would have it become one word."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from jaxw2v.config import TextSettings
from jaxw2v.corpus.vocabulary import check_words
from jaxw2v.errors import InputError

JOINT = "_"
# Where none is given: word2phrase's, and one that leaves about as many on Wikipedia.
THRESHOLDS = {"mikolov": 100.0, "npmi": 0.5}
_SCHEMA = {"pass": pl.Int32, "first": pl.String, "second": pl.String, "score": pl.Float64}


@dataclasses.dataclass(frozen=True, eq=False)
class Phrases:
    """Pairs of words that are joined, pass by pass; a later pass joins what an earlier one made.

    Attributes:
      table: columns ``pass`` (from 1), ``first``, ``second`` and ``score``.

    Example:
      >>> rows = [(1, "new", "york", 9.0), (2, "new_york", "city", 8.0)]
      >>> phrases = Phrases(pl.DataFrame(rows, _SCHEMA, orient="row"))
      >>> phrases.join(["in", "new", "york", "city"])
      ['in', 'new_york_city']
    """

    table: pl.DataFrame = dataclasses.field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))

    @property
    def passes(self) -> int:
        """How many passes there are."""
        return int(self.table.select(pl.col("pass").max()).item() or 0)

    def of_pass(self, number: int) -> pl.DataFrame:
        """The pairs of a pass.

        Args:
          number: the number, from 1.

        Returns:
          Columns ``first``, ``second`` and ``score``.
        """
        return self.table.filter(pl.col("pass") == number).drop("pass")

    def and_then(self, pairs: pl.DataFrame) -> Phrases:
        """These phrases and one more pass.

        Args:
          pairs: columns ``first``, ``second`` and ``score``.

        Returns:
          The phrases.
        """
        number = pl.lit(self.passes + 1, pl.Int32).alias("pass")
        return Phrases(pl.concat([self.table, pairs.select(number, *list(_SCHEMA)[1:])]))

    @functools.cached_property
    def _pairs(self) -> list[set[tuple[str, str]]]:
        passes = (self.of_pass(i + 1).select("first", "second") for i in range(self.passes))
        return [set(pairs.iter_rows()) for pairs in passes]

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the pairs in their order."""
        return hashlib.sha256(self.table.drop("score").write_csv().encode()).hexdigest()

    def join(self, words: Sequence[str]) -> list[str]:
        """Joins the phrases of a sentence, from left to right, as they were joined in the corpus.

        Args:
          words: the sentence.

        Returns:
          Words and phrases.
        """
        words = list(words)
        for pairs in self._pairs:
            joined, i = [], 0
            while i < len(words):
                two = tuple(words[i : i + 2]) in pairs
                joined.append(JOINT.join(words[i : i + 1 + two]))
                i += 1 + two
            words = joined
        return words

    def save(self, path: str | Path) -> None:
        """Writes ``pass<TAB>first<TAB>second<TAB>score``, a line a pair.

        Args:
          path: the file to write.

        Raises:
          InputError: a word is empty or holds a tab or a line break.
        """
        check_words(self.table["first"])
        check_words(self.table["second"])
        self.table.write_csv(path, separator="\t", quote_style="never")

    @classmethod
    def load(cls, path: str | Path) -> Phrases:
        """Reads what :meth:`save` wrote.

        Args:
          path: the file.

        Returns:
          The phrases.

        Raises:
          InputError: it has another form.
        """
        try:
            table = pl.read_csv(path, separator="\t", quote_char=None, schema=_SCHEMA, glob=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}: cannot read the phrases: {reason}") from None
        if sum(table.null_count().row(0)) or not (table["pass"].diff().fill_null(0) >= 0).all():
            raise InputError(f"{path}: cannot read the phrases: a line has another form")
        return cls(table)


def choose_pairs(
    pairs: pl.DataFrame, words: pl.DataFrame, tokens: int, settings: TextSettings
) -> pl.DataFrame:
    r"""The pairs whose score is above the threshold.

    .. math:: \frac{(n_{ab} - \delta) N}{n_a n_b} \text{ (mikolov)}, \quad
              \ln\frac{p_{ab}}{p_a p_b} \Big/ (-\ln p_{ab}) \text{ (npmi)}

    with counts n, N tokens, shares p = n / N, and :math:`\delta` the ``phrase_min_count``.

    Args:
      pairs: columns ``first`` and ``second``, row numbers of ``words``, and ``count``.
      words: columns ``word`` and ``count``.
      tokens: N.
      settings: ``phrase_scoring``, ``phrase_threshold`` and ``phrase_min_count`` are used.

    Returns:
      Columns ``first``, ``second`` and ``score``, the highest score first.

    Reference:
      Mikolov et al. 2013b, equation 6, as word2phrase.c scales it; Bouma 2009, "Normalized
      (Pointwise) Mutual Information in Collocation Extraction".
    """
    pairs = pairs.filter(pl.col("count") >= settings.phrase_min_count)
    counts, names = words["count"].to_numpy().astype(np.float64), words["word"]
    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    both = pairs["count"].to_numpy().astype(np.float64)
    if settings.phrase_scoring == "mikolov":
        scores = (both - settings.phrase_min_count) * tokens / (counts[first] * counts[second])
    else:
        together = np.log(both / tokens)
        apart = np.log(counts[first] / tokens) + np.log(counts[second] / tokens)
        scores = (together - apart) / -np.minimum(together, -1e-12)
    threshold = settings.phrase_threshold
    if threshold is None:
        threshold = THRESHOLDS[settings.phrase_scoring]
    good = np.flatnonzero(scores > threshold)
    chosen = pl.DataFrame(
        {"first": names[first[good]], "second": names[second[good]], "score": scores[good]},
        schema={name: _SCHEMA[name] for name in ("first", "second", "score")},
    )
    return chosen.sort(["score", "first", "second"], descending=[True, False, False])


def places_to_join(is_pair: np.ndarray) -> np.ndarray:
    """Of pairs that overlap, those that are joined from left to right.

    Args:
      is_pair: bool [n], whether a token and the next one are a pair.

    Returns:
      bool [n], whether they are joined.

    Example:
      >>> places_to_join(np.array([True, True, True, False, True, False])).tolist()
      [True, False, True, False, True, False]
    """
    place = np.arange(len(is_pair))
    before = np.concatenate([[False], is_pair[:-1]])
    starts = np.maximum.accumulate(np.where(is_pair & ~before, place, 0))
    return is_pair & ((place - starts) % 2 == 0)
