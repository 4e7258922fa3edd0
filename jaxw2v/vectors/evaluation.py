"""Scores of word vectors: rank correlation on word pairs, accuracy on analogies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.vectors import neighbors
from jaxw2v.vectors.cut_rows import take_rows
from jaxw2v.vectors.word_vectors import WordVectors


class SimilarityScore(NamedTuple):
    """How well cosines rank word pairs as people do.

    Attributes:
      name: of the file.
      spearman: rank correlation over the pairs found; NaN below two pairs.
      pairs: pairs found.
      missing: pairs with a word outside the vocabulary, which are left out.
    """

    name: str
    spearman: float
    pairs: int
    missing: int


class AnalogyScore(NamedTuple):
    """How often the best answer is the right one.

    Attributes:
      section: of the file, or ``total``.
      accuracy: correct / questions; NaN without questions.
      correct: questions answered rightly.
      questions: questions asked.
      missing: questions with a word outside the (restricted) vocabulary, which are left out.
    """

    section: str
    accuracy: float
    correct: int
    questions: int
    missing: int


def evaluate_similarity(wv: WordVectors, path: str | os.PathLike) -> SimilarityScore:
    """Spearman's rank correlation between cosines and human scores.

    Args:
      wv: the vectors; case is folded if the vocabulary is lower-case.
      path: lines of two words and a score, by tabs or spaces (or commas); ``#`` comments.

    Returns:
      The score.

    Raises:
      InputError: the file is missing or a line has another form.
    """
    cosines, scores, missing = [], [], 0
    for number, line in _lines(path):
        parts = line.replace(",", " ").replace(";", " ").split()
        if len(parts) < 3 or not _is_number(parts[2]):
            if number == 1:
                continue  # a header
            raise InputError(f"{path}:{number}: expected word, word, score, got {line[:60]!r}")
        first, second = map(wv.vocabulary.fold, parts[:2])
        if first in wv and second in wv:
            cosines.append(wv.similarity(first, second))
            scores.append(float(parts[2]))
        else:
            missing += 1
    if not cosines and not missing:
        raise InputError(f"{path}: holds no word pair")
    enough = len(set(cosines)) > 1 and len(set(scores)) > 1
    # Takes longer to import than everything else that loading vectors needs.
    from scipy import stats

    spearman = float(stats.spearmanr(cosines, scores).statistic) if enough else float("nan")
    return SimilarityScore(Path(path).name, spearman, len(cosines), missing)


def evaluate_analogies(
    wv: WordVectors, path: str | os.PathLike, restrict: int = 30_000, method: str = "3cosadd"
) -> list[AnalogyScore]:
    """Accuracy on questions "a b c d": a is to b as c is to d.

    Args:
      wv: the vectors; case is folded if the vocabulary is lower-case.
      path: Google's format: ``: section`` lines, then four words a line.
      restrict: only the most frequent words ask and answer (words).
      method: ``3cosadd`` or ``3cosmul``.

    Returns:
      A score for each section, then ``total``.

    Raises:
      InputError: the file is missing, a line has another form, or the method is unknown.
    """
    if method not in ("3cosadd", "3cosmul"):
        raise InputError(f"analogy method {method!r} is unknown: 3cosadd or 3cosmul")
    if restrict < 4:
        raise InputError(f"restrict is {restrict}; it must be 4 or more")
    sections: dict[str, list[list[int]]] = {}
    missing: dict[str, int] = {}
    section = "questions"
    for number, line in _lines(path):
        if line.startswith(":"):
            section = line[1:].strip() or "questions"
            continue
        words = line.split()
        if len(words) != 4:
            raise InputError(f"{path}:{number}: expected four words, got {line[:60]!r}")
        ids = [wv.vocabulary.ids.get(wv.vocabulary.fold(word), restrict) for word in words]
        sections.setdefault(section, [])
        missing.setdefault(section, 0)
        if max(ids) < restrict:
            sections[section].append(ids)
        else:
            missing[section] += 1
    if not sections:
        raise InputError(f"{path}: holds no question")
    scores = []
    for name, questions in sections.items():
        correct = _count_correct(wv, np.array(questions, np.int32).reshape(-1, 4), restrict, method)
        scores.append(_analogy_score(name, correct, len(questions), missing[name]))
    total = (sum(getattr(s, f) for s in scores) for f in ("correct", "questions", "missing"))
    return [*scores, _analogy_score("total", *total)]


def _analogy_score(section: str, correct: int, questions: int, missing: int) -> AnalogyScore:
    accuracy = correct / questions if questions else float("nan")
    return AnalogyScore(section, accuracy, correct, questions, missing)


def _count_correct(wv: WordVectors, questions: np.ndarray, restrict: int, method: str) -> int:
    size = min(restrict, len(wv))
    at_once = max(1, neighbors.SCORES_AT_ONCE // size)
    correct = 0
    for start in range(0, len(questions), at_once):
        part = questions[start : start + at_once]
        a, b, c = (take_rows(wv.units, part[:, i]) for i in range(3))
        if method == "3cosadd":
            _, best = neighbors.nearest(wv.units, b - a + c, part[:, :3], 1, size)
        else:
            _, best = neighbors.nearest_by_product(wv.units, a, b, c, part[:, :3], 1, size)
        correct += int((np.asarray(best)[:, 0] == part[:, 3]).sum())
    return correct


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False


def _lines(path: str | os.PathLike) -> Iterator[tuple[int, str]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()
