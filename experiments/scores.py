"""Scores of word vectors on the three sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import jaxw2v
from jaxw2v.vectors import (
    answer_pairs,
    answer_questions,
    evaluate_similarity,
)

SCORES = ("ws353", "simlex999", "google_analogies")
RESTRICT = 30_000
"""Of how many of the most frequent words analogies are asked and answered (words)."""


def check_sets(eval_dir: Path, more_pairs: Sequence[Path] = ()) -> None:
    """Makes sure, before hours of work, that the sets are there.

    Args:
      eval_dir: their folder.
      more_pairs: further files of word pairs.

    Raises:
      InputError: one is missing.
    """
    names = ("ws353.txt", "simlex999.txt", "questions-words.txt")
    for path in (*(eval_dir / name for name in names), *more_pairs):
        check_file(path)


def check_file(path: Path) -> None:
    """Makes sure that a file is there.

    Args:
      path: the file.

    Raises:
      InputError: it is not.
    """
    if not path.is_file():
        raise jaxw2v.InputError(f"{path}: no such file")


def score(wv: jaxw2v.WordVectors, eval_dir: Path) -> dict[str, float]:
    """Scores vectors on the three sets.

    Args:
      wv: the vectors.
      eval_dir: folder with ws353.txt, simlex999.txt and questions-words.txt.

    Returns:
      The scores by name.
    """
    scores = score_kinds(wv, eval_dir)
    return {name: scores[name] for name in SCORES}


def score_kinds(
    wv: jaxw2v.WordVectors, eval_dir: Path, more_pairs: Sequence[Path] = ()
) -> dict[str, float]:
    """The same scores, and those of questions of grammar and of meaning, of pairs never seen.

    Args:
      wv: the vectors.
      eval_dir: folder with ws353.txt, simlex999.txt and questions-words.txt.
      more_pairs: further files of word pairs.

    Returns:
      The scores by name, those of files by the file's; of pairs with unseen words too where vectors
      are made of n-grams and there are such pairs.
    """
    sections = answer_questions(wv, eval_dir / "questions-words.txt", restrict=RESTRICT)
    kinds: dict[str, list[bool]] = {"syntactic": [], "semantic": []}
    for name, (answered, _) in sections.items():
        kinds["syntactic" if name.startswith("gram") else "semantic"] += answered
    kinds["google_analogies"] = kinds["syntactic"] + kinds["semantic"]
    scores = {name: sum(good) / len(good) for name, good in kinds.items() if good}
    scores.setdefault("google_analogies", math.nan)
    for path in (eval_dir / "ws353.txt", eval_dir / "simlex999.txt", *more_pairs):
        found, name = evaluate_similarity(wv, path), path.stem
        scores[name] = found.spearman
        if found.composed:
            scores[f"{name}_with_unseen"] = found.spearman_composed
            scores[f"{name}_unseen_pairs"] = found.composed
    return scores


def answers(wv: jaxw2v.WordVectors, eval_dir: Path) -> dict[str, list]:
    """What the scores are made of, to draw pairs and questions anew from.

    Args:
      wv: the vectors.
      eval_dir: folder with ws353.txt, simlex999.txt and questions-words.txt.

    Returns:
      By name of the set: for each pair of known words its cosine and its human score; for each
      question of known words whether it is answered.
    """
    found: dict[str, list] = {}
    for name in ("ws353", "simlex999"):
        cosines, human, _ = answer_pairs(wv, eval_dir / f"{name}.txt")
        found[name] = [[float(c), float(h)] for c, h in zip(cosines, human, strict=True)]
    sections = answer_questions(wv, eval_dir / "questions-words.txt", restrict=RESTRICT)
    found["google_analogies"] = [good for answered, _ in sections.values() for good in answered]
    return found
