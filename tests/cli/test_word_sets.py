"""Scores as lines of a table."""

import numpy as np
import pytest

from jaxw2v import InputError, WordVectors
from jaxw2v.cli.word_sets import Scores, WordSets
from jaxw2v.corpus import Vocabulary
from jaxw2v.vectors import AnalogyScore, SimilarityScore


def test_a_line_a_score_and_one_more_where_words_were_composed():
    plain = SimilarityScore("a.txt", 0.5, 10, 2)
    composed = SimilarityScore("b.txt", 0.25, 10, 5, 3, 0.125)
    lines = Scores([plain, composed], []).lines()
    assert [" ".join(line.split()) for line in lines] == [
        "a.txt Spearman 0.500 10 pairs, 2 left out",
        "b.txt Spearman 0.250 10 pairs, 5 left out",
        "with words made of n-grams Spearman 0.125 13 pairs, 2 left out",
    ]


def test_totals_leave_sections_out():
    pets, total = AnalogyScore("pets", 0.5, 1, 2, 0), AnalogyScore("total", 0.25, 1, 4, 3)
    totals = Scores([], [pets, total]).totals()
    (line,) = totals.lines()
    assert " ".join(line.split()) == "analogies, total accuracy 0.250 1 of 4, 3 left out"
    assert Scores([], []).totals().lines() == []


def test_sets_are_scored_in_their_order(tmp_path):
    words = ("cat", "dog", "car", "bus")
    wv = WordVectors(Vocabulary(words, [4, 3, 2, 1]), np.array([[1, 0], [1, 0.5], [0, 1], [-1, 1]]))
    for name, order in (("up", (1, 2, 3)), ("down", (3, 2, 1))):
        rows = zip(("dog", "car", "bus"), order, strict=True)
        (tmp_path / name).write_text("".join(f"cat\t{word}\t{score}\n" for word, score in rows))
    scores = WordSets(similarity=(tmp_path / "down", tmp_path / "up")).score(wv)
    assert [(s.name, round(s.spearman, 6)) for s in scores.similarity] == [("down", 1), ("up", -1)]
    assert scores.analogies == []
    assert WordSets().score(wv) == Scores([], [])
    with pytest.raises(InputError, match="none"):
        WordSets(analogies=tmp_path / "none").score(wv)
