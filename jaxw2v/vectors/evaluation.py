"""Scores of word vectors: rank correlation on word pairs, accuracy on analogies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from jaxw2v.errors import InputError
from jaxw2v.vectors.evaluation_files import read_pairs, read_questions
from jaxw2v.vectors.nearest_words import is_by_product
from jaxw2v.vectors.word_vectors import WordVectors


class SimilarityScore(NamedTuple):
    """How well cosines rank word pairs as people do.

    Attributes:
      name: the name of the file.
      spearman: rank correlation over the pairs found; NaN below two pairs.
      pairs: pairs found.
      missing: pairs with a word outside the vocabulary, which are left out.
      composed: those of them whose words have vectors made of n-grams.
      spearman_composed: rank correlation over the pairs found and these; NaN without any.
    """

    name: str
    spearman: float
    pairs: int
    missing: int
    composed: int = 0
    spearman_composed: float = float("nan")


class AnalogyScore(NamedTuple):
    """How often the best answer is the right one.

    Attributes:
      section: the section of the file, or ``total``.
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
      wv: the vectors; a word that they do not have is looked for in other case.
      path: lines of two words and a score, as WordSim-353, SimLex-999, MEN, RW and others are
        published: separated by tabs, semicolons, commas or blanks, with a header or without.

    Returns:
      The score.

    Raises:
      InputError: the file is missing or a line has another form.
    """
    cosines, scores, missing = answer_pairs(wv, path)
    found = Path(path).name, _spearman(cosines, scores), len(cosines), missing
    if wv.subwords is None:
        return SimilarityScore(*found)
    *with_composed, _ = answer_pairs(wv, path, unseen=True)
    composed = len(with_composed[0]) - len(cosines)
    return SimilarityScore(
        *found, composed, _spearman(*with_composed) if composed else float("nan")
    )


def _spearman(cosines: list[float], scores: list[float]) -> float:
    """The rank correlation; NaN where there is none."""
    # Takes longer to import than everything else that loading vectors needs.
    from scipy import stats

    enough = len(set(cosines)) > 1 and len(set(scores)) > 1
    return float(stats.spearmanr(cosines, scores).statistic) if enough else float("nan")


def answer_pairs(
    wv: WordVectors, path: str | os.PathLike, unseen: bool = False
) -> tuple[list[float], list[float], int]:
    """What :func:`evaluate_similarity` is made of.

    Args:
      wv: the vectors.
      path: the file, as there.
      unseen: words outside the vocabulary that have vectors are known too.

    Returns:
      For each pair of known words its cosine, and its human score; and how many pairs are left
      out.

    Raises:
      InputError: the file is missing or a line has another form.
    """
    pairs: list[tuple[str, str]] = []
    scores, missing = [], 0
    for *words, score in read_pairs(path):
        first, second = map(wv.vocabulary.fold, words)
        known = wv if unseen else wv.vocabulary
        if first in known and second in known:
            pairs.append((first, second))
            scores.append(score)
        else:
            missing += 1
    if not pairs:
        return [], scores, missing
    cosines = wv.similarity(*zip(*pairs, strict=True))
    assert not isinstance(cosines, float)
    return list(cosines), scores, missing


def evaluate_analogies(
    wv: WordVectors, path: str | os.PathLike, restrict: int = 30_000, method: str = "3cosadd"
) -> list[AnalogyScore]:
    """Accuracy on questions "a b c d": a is to b as c is to d.

    Args:
      wv: the vectors; a word that they do not have is looked for in other case.
      path: Google's format: ``: section`` lines, then four words a line, by blanks or tabs.
      restrict: only the most frequent words ask and answer (words).
      method: ``3cosadd`` or ``3cosmul``.

    Returns:
      A score for each section, then ``total``.

    Raises:
      InputError: the file is missing, a line has another form, or the method is unknown.
    """
    sections = answer_questions(wv, path, restrict, method)
    scores = [
        _analogy_score(name, sum(answered), len(answered), missing)
        for name, (answered, missing) in sections.items()
    ]
    total = (sum(getattr(s, f) for s in scores) for f in ("correct", "questions", "missing"))
    return [*scores, _analogy_score("total", *total)]


def answer_questions(
    wv: WordVectors, path: str | os.PathLike, restrict: int = 30_000, method: str = "3cosadd"
) -> dict[str, tuple[list[bool], int]]:
    """What :func:`evaluate_analogies` is made of.

    Args:
      wv: the vectors.
      path: the file, as there.
      restrict: only the most frequent words ask and answer (words).
      method: ``3cosadd`` or ``3cosmul``.

    Returns:
      By section, for each question of known words whether it is answered; and how many questions
      are left out.

    Raises:
      InputError: the file is missing, a line has another form, or the method is unknown.
    """
    by_product = is_by_product(method)
    if restrict < 4:
        raise InputError(f"restrict is {restrict}; it must be 4 or more")
    sections: dict[str, list[list[str]]] = {}
    missing: dict[str, int] = {}
    for section, words in read_questions(path):
        words = [wv.vocabulary.fold(word) for word in words]
        ids = [wv.vocabulary.ids.get(word, restrict) for word in words]
        sections.setdefault(section, [])
        missing.setdefault(section, 0)
        if max(ids) < restrict:
            sections[section].append(words)
        else:
            missing[section] += 1
    return {
        name: (_answered(wv, questions, restrict, by_product), missing[name])
        for name, questions in sections.items()
    }


def _analogy_score(section: str, correct: int, questions: int, missing: int) -> AnalogyScore:
    accuracy = correct / questions if questions else float("nan")
    return AnalogyScore(section, accuracy, correct, questions, missing)


def _answered(
    wv: WordVectors, questions: list[list[str]], restrict: int, by_product: bool
) -> list[bool]:
    if not questions:
        return []
    ask = wv.most_similar_cosmul if by_product else wv.most_similar
    like, unlike = [[b, c] for _, b, c, _ in questions], [[a] for a, _, _, _ in questions]
    answers = ask(like, unlike, topn=1, restrict_vocab=restrict)
    pairs = zip(answers, questions, strict=True)
    return [bool(best) and best[0][0] == question[3] for best, question in pairs]
