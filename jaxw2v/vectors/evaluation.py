"""Scores of word vectors: rank correlation on word pairs, accuracy on analogies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.vectors.nearest_words import is_by_product
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
    pairs: list[tuple[str, str]] = []
    scores, missing = [], 0
    for number, line in _lines(path):
        parts = line.replace(",", " ").replace(";", " ").split()
        if len(parts) < 3 or not _is_number(parts[2]):
            if number == 1:
                continue  # a header
            raise InputError(f"{path}:{number}: expected word, word, score, got {line[:60]!r}")
        first, second = map(wv.vocabulary.fold, parts[:2])
        if first in wv and second in wv:
            pairs.append((first, second))
            scores.append(float(parts[2]))
        else:
            missing += 1
    if not pairs and not missing:
        raise InputError(f"{path}: holds no word pair")
    cosines = wv.similarity(*zip(*pairs, strict=True)) if pairs else []
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
    by_product = is_by_product(method)
    if restrict < 4:
        raise InputError(f"restrict is {restrict}; it must be 4 or more")
    sections: dict[str, list[list[str]]] = {}
    missing: dict[str, int] = {}
    section = "questions"
    for number, line in _lines(path):
        if line.startswith(":"):
            section = line[1:].strip() or "questions"
            continue
        words = line.split()
        if len(words) != 4:
            raise InputError(f"{path}:{number}: expected four words, got {line[:60]!r}")
        words = [wv.vocabulary.fold(word) for word in words]
        ids = [wv.vocabulary.ids.get(word, restrict) for word in words]
        sections.setdefault(section, [])
        missing.setdefault(section, 0)
        if max(ids) < restrict:
            sections[section].append(words)
        else:
            missing[section] += 1
    if not sections:
        raise InputError(f"{path}: holds no question")
    scores = []
    for name, questions in sections.items():
        correct = _count_correct(wv, questions, restrict, by_product)
        scores.append(_analogy_score(name, correct, len(questions), missing[name]))
    total = (sum(getattr(s, f) for s in scores) for f in ("correct", "questions", "missing"))
    return [*scores, _analogy_score("total", *total)]


def _analogy_score(section: str, correct: int, questions: int, missing: int) -> AnalogyScore:
    accuracy = correct / questions if questions else float("nan")
    return AnalogyScore(section, accuracy, correct, questions, missing)


def _count_correct(
    wv: WordVectors, questions: list[list[str]], restrict: int, by_product: bool
) -> int:
    if not questions:
        return 0
    ask = wv.most_similar_cosmul if by_product else wv.most_similar
    like, unlike = [[b, c] for _, b, c, _ in questions], [[a] for a, _, _, _ in questions]
    answers = ask(like, unlike, topn=1, restrict_vocab=restrict)
    pairs = zip(answers, questions, strict=True)
    return sum(bool(best) and best[0][0] == question[3] for best, question in pairs)


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
