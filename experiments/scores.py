"""Scores of word vectors on the three sets."""

from __future__ import annotations

from pathlib import Path

import jaxw2v
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity

SCORES = ("ws353", "simlex999", "google_analogies")


def check_sets(eval_dir: Path) -> None:
    """Makes sure, before hours of work, that the sets are there.

    Args:
      eval_dir: their folder.

    Raises:
      InputError: one is missing.
    """
    for name in ("ws353.txt", "simlex999.txt", "questions-words.txt"):
        check_file(eval_dir / name)


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
    scores = {
        name: evaluate_similarity(wv, eval_dir / f"{name}.txt").spearman
        for name in ("ws353", "simlex999")
    }
    questions = eval_dir / "questions-words.txt"
    scores["google_analogies"] = evaluate_analogies(wv, questions, restrict=30_000)[-1].accuracy
    return scores
