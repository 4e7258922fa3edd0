"""Sets of word pairs and of analogies, as options, and the scores of vectors on them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from jaxw2v.cli.options import described

if TYPE_CHECKING:
    from jaxw2v.vectors import AnalogyScore, SimilarityScore, WordVectors


class Scores(NamedTuple):
    """The scores of some vectors.

    Attributes:
      similarity: one for each file of word pairs.
      analogies: one for each section, and the total.
    """

    similarity: list[SimilarityScore]
    analogies: list[AnalogyScore]

    def totals(self) -> Scores:
        """The same without the sections of analogies: their total alone, last of all."""
        last = self.analogies[-1:]
        return self._replace(
            analogies=[a._replace(section=f"analogies, {a.section}") for a in last]
        )

    def lines(self) -> list[str]:
        """The scores as lines of a table."""
        lines = []
        for s in self.similarity:
            scores = [(s.name, s.spearman, s.pairs, s.missing)]
            if s.composed:
                pairs, missing = s.pairs + s.composed, s.missing - s.composed
                scores.append(("  with words made of n-grams", s.spearman_composed, pairs, missing))
            for name, spearman, pairs, missing in scores:
                lines.append(
                    f"{name:32} Spearman {spearman:6.3f}  {pairs} pairs, {missing} left out"
                )
        for a in self.analogies:
            found = f"{a.correct} of {a.questions}, {a.missing} left out"
            lines.append(f"{a.section:32} accuracy {a.accuracy:6.3f}  {found}")
        return lines


@described
@dataclasses.dataclass(frozen=True)
class WordSets:
    """Sets that vectors are scored on."""

    similarity: tuple[Path, ...] = dataclasses.field(default=(), kw_only=True)
    """Files of two words and a score a line, as WordSim-353, SimLex-999, MEN and others are
    published."""
    analogies: Path | None = dataclasses.field(default=None, kw_only=True)
    """File of four words a line, with ": section" lines, as Google's questions-words.txt."""
    restrict: int = dataclasses.field(default=30_000, kw_only=True)
    """Only this many of the most frequent words ask and answer analogies (words)."""
    method: Literal["3cosadd", "3cosmul"] = dataclasses.field(default="3cosadd", kw_only=True)
    """How analogies are answered."""

    def score(self, wv: WordVectors) -> Scores:
        """Scores vectors.

        Args:
          wv: the vectors.

        Returns:
          The scores; none where no set is named.
        """
        from jaxw2v.vectors import evaluate_analogies, evaluate_similarity

        return Scores(
            [evaluate_similarity(wv, path) for path in self.similarity],
            []
            if self.analogies is None
            else evaluate_analogies(wv, self.analogies, self.restrict, self.method),
        )
