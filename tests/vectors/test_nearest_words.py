"""Nearest words against gensim's, one query at a time and many together."""

import numpy as np
import pytest
from few_words import WORDS
from query_vectors import VECTOR

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.vectors import neighbors


@pytest.fixture(params=[1 << 14, 9], ids=["one block", "many blocks"])
def rows_at_once(request, monkeypatch):
    monkeypatch.setattr(neighbors, "ROWS_AT_ONCE", request.param)
    neighbors._nearest.clear_cache()
    yield request.param
    neighbors._nearest.clear_cache()


def assert_same(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in theirs], atol=1e-5)


QUERIES = [
    ("w3", ()),
    (["w1", "w2"], ()),
    (["w1", "w2"], ["w3"]),
    ((), ["w9"]),
    ("東京", "naïve"),
    ([("w1", 0.3), "w2"], [("w4", -2.5), "w5"]),
    ([VECTOR], ["w5"]),
    (["w1", VECTOR], [(VECTOR[::-1], -0.5)]),
]


@pytest.mark.parametrize(("positive", "negative"), QUERIES)
@pytest.mark.parametrize("restrict", [None, 20])
def test_most_similar_is_gensims(wv, peer, rows_at_once, positive, negative, restrict):
    theirs = peer.most_similar(
        positive=positive or None, negative=negative or None, topn=7, restrict_vocab=restrict
    )
    assert_same(wv.most_similar(positive, negative, 7, restrict), theirs)


@pytest.mark.parametrize(("positive", "negative"), [q for q in QUERIES[:5] if q[0]])
def test_products_are_gensims(wv, peer, rows_at_once, positive, negative):
    theirs = peer.most_similar_cosmul(positive=positive, negative=negative or None, topn=7)
    assert_same(wv.most_similar_cosmul(positive, negative, 7), theirs)
    few = wv.most_similar_cosmul(positive, negative, 62, restrict_vocab=20)
    everyone = peer.most_similar_cosmul(positive=positive, negative=negative or None, topn=62)
    assert_same(few, [answer for answer in everyone if WORDS.index(answer[0]) < 20])


@pytest.mark.slow
def test_many_queries_are_answered_in_one_call(wv, rows_at_once, monkeypatch):
    plus = [["w1"], ["w2", "w3"], [("w4", 2.0), VECTOR], "w6", "w9"]
    minus = [[], ["w7"], [], ["w8"], "w9"]
    for ask in (wv.most_similar, wv.most_similar_cosmul):
        alone = [
            ask([p] if isinstance(p, str) else p, m, 5) for p, m in zip(plus, minus, strict=True)
        ]
        for at_once in (neighbors.QUERIES_AT_ONCE, 4):
            monkeypatch.setattr(neighbors, "QUERIES_AT_ONCE", at_once)
            for one, other in zip(ask(plus, minus, 5), alone, strict=True):
                assert_same(one, other)
    assert wv.most_similar([["w1"]]) == [wv.most_similar(["w1"])]


@pytest.mark.slow
def test_similar_by_vector(wv, peer):
    assert_same(wv.similar_by_vector(VECTOR, 5), peer.similar_by_vector(VECTOR, topn=5))
    both = wv.similar_by_vector(np.stack([VECTOR, -VECTOR]), 5, restrict_vocab=30)
    assert_same(both[1], peer.similar_by_vector(-VECTOR, topn=5, restrict_vocab=30))
    assert wv.similar_by_vector(wv["w3"], 1)[0][0] == "w3"


def test_every_neighbor_can_be_asked_for(wv, peer, rows_at_once):
    assert_same(wv.most_similar("w1", topn=10_000), peer.most_similar("w1", topn=61))


def test_analogies_are_the_formulas(wv, peer):
    theirs = peer.most_similar(["w2", "w3"], ["w1"], topn=4)
    assert_same(wv.analogy("w1", "w2", "w3", topn=4), theirs)
    theirs = peer.most_similar_cosmul(["w2", "w3"], ["w1"], topn=4)
    assert_same(wv.analogy("w1", "w2", "w3", topn=4, method="3cosmul"), theirs)


@pytest.mark.slow
def test_a_long_query_among_short_ones(wv):
    every = [list(wv.words), ["w1"], ["w2", "w3", "w4"], ["w5"]]
    for ask in (wv.most_similar, wv.most_similar_cosmul):
        for near, query in zip(ask(every), every, strict=True):
            assert_same(near, ask(query))
    many = [f"w{i % 60}" for i in range(1_500)]
    assert wv.most_similar_cosmul(many, topn=1)[0][0] in wv


def test_a_zero_vector_is_near_nothing():
    wv = WordVectors(Vocabulary(("a", "b"), np.array([2, 1])), np.array([[0.0, 0], [1, 1]]))
    assert wv.most_similar("a") == [("b", 0.0)]
    assert wv.similarity("a", "b") == 0
