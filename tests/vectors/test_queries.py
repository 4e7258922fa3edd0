"""Every query against gensim's, one at a time and many together."""

import numpy as np
import pytest
from few_words import WORDS

from jaxw2v import InputError, WordVectors
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


VECTOR = np.linspace(-1, 2, 8, dtype=np.float32)
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


def test_similarities_and_distances(wv, peer):
    assert wv.similarity("w1", "w2") == pytest.approx(peer.similarity("w1", "w2"), abs=1e-6)
    assert wv.distance("w1", "w2") == pytest.approx(peer.distance("w1", "w2"), abs=1e-6)
    many = wv.similarity(["w1", "w3"], ["w2", "w4"])
    assert many.tolist() == [wv.similarity("w1", "w2"), wv.similarity("w3", "w4")]
    against_one = wv.similarity("w1", ["w2", "w4"])
    np.testing.assert_allclose(against_one, [wv.similarity("w1", w) for w in ("w2", "w4")])
    for first in ("w1", VECTOR):
        np.testing.assert_allclose(wv.distances(first), peer.distances(first), atol=1e-6)
        some = wv.distances(first, ["w5", "w1"])
        np.testing.assert_allclose(some, peer.distances(first, ["w5", "w1"]), atol=1e-6)
    both = wv.distances(["w1", VECTOR], ["w5", "w2", "w1"])
    assert both.shape == (2, 3)
    np.testing.assert_allclose(both[1], wv.distances(VECTOR, ["w5", "w2", "w1"]), atol=1e-6)
    np.testing.assert_allclose(wv.distances(["w1", "w7"])[1], wv.distances("w7"), atol=1e-6)
    sets = ["w1", "w2"], ["w3", "w4", "w5"]
    assert wv.n_similarity(*sets) == pytest.approx(peer.n_similarity(*sets), abs=1e-6)
    found = wv.n_similarity([sets[0], ["w1"]], [sets[1], ["w2"]])
    np.testing.assert_allclose(
        found, [wv.n_similarity(*sets), wv.similarity("w1", "w2")], atol=1e-6
    )


def test_ranks_and_odd_ones(wv, peer, monkeypatch):
    pairs = [("w1", "w2"), ("w30", "naïve"), ("w5", "w5")]
    for one, other in pairs:
        assert wv.closer_than(one, other) == peer.closer_than(one, other)
        assert wv.rank(one, other) == peer.rank(one, other)
    for at_once in (1 << 25, 130):
        monkeypatch.setattr("jaxw2v.vectors.comparisons.SCORES_AT_ONCE", at_once)
        assert wv.rank(*zip(*pairs, strict=True)).tolist() == [peer.rank(*pair) for pair in pairs]
        assert wv.rank("w1", ["w2", "w3"]).tolist() == [peer.rank("w1", w) for w in ("w2", "w3")]
        found = wv.closer_than(*zip(*pairs, strict=True))
        assert found == [peer.closer_than(*pair) for pair in pairs]
    rng = np.random.default_rng(1)
    sets = [list(rng.choice(WORDS, 5, replace=False)) for _ in range(20)]
    assert wv.doesnt_match(sets) == [peer.doesnt_match(words) for words in sets]
    assert wv.doesnt_match(sets[0]) == peer.doesnt_match(sets[0])


@pytest.mark.parametrize("pre", [True, False])
@pytest.mark.parametrize("post", [True, False])
def test_mean_vectors(wv, peer, pre, post):
    words, weights = ["w1", "w2", VECTOR], [0.5, -2.0, 1.0]
    for each in (None, weights):
        theirs = peer.get_mean_vector(words, each, pre, post)
        np.testing.assert_allclose(wv.mean_vector(words, each, pre, post), theirs, atol=1e-6)
    missing = wv.mean_vector(["w1", "none"], None, pre, post, ignore_missing=True)
    np.testing.assert_allclose(missing, wv.mean_vector(["w1"], None, pre, post), atol=1e-6)
    both = wv.mean_vector([words, ["w5"]], [weights, [1.0]], pre, post)
    assert both.shape == (2, 8)
    np.testing.assert_allclose(both[0], wv.mean_vector(words, weights, pre, post))
    assert not wv.mean_vector(["none"], ignore_missing=True).any()


def test_a_table_of_all(wv):
    frame = wv.to_frame()
    assert frame["word"].to_list() == WORDS
    assert frame["count"].to_list() == wv.counts.tolist()
    np.testing.assert_array_equal(frame["vector"].to_numpy(), wv.vectors)


def test_any_iterable_is_a_list(wv):
    words = ["w1", "w2"]
    for one in (np.array(words), (w for w in words), dict.fromkeys(words), tuple(words)):
        assert wv.most_similar(one) == wv.most_similar(words)
    pairs = [["w1", "w2"], ["w3", "w4"]]
    assert wv.most_similar(np.array(pairs)) == wv.most_similar(pairs)
    assert wv.doesnt_match(np.array(pairs)) == wv.doesnt_match(pairs)
    for ask in (wv.distances, wv.mean_vector, wv.__getitem__):
        np.testing.assert_array_equal(ask(np.array(words)), ask(words))
        np.testing.assert_array_equal(ask(w for w in words), ask(words))
    np.testing.assert_array_equal(
        wv.n_similarity(np.array(pairs), pairs), wv.n_similarity(pairs, pairs)
    )
    np.testing.assert_array_equal(wv.distances("w1", (w for w in words)), wv.distances("w1", words))
    assert wv.similar_by_vector(np.zeros((0, 8))) == []
    assert wv.distances([]).shape == (0, len(WORDS))
    assert wv.similarity([], []).shape == wv.rank([], []).shape == (0,)


def test_a_long_query_among_short_ones(wv):
    every = [list(wv.words), ["w1"], ["w2", "w3", "w4"], ["w5"]]
    for ask in (wv.most_similar, wv.most_similar_cosmul):
        for near, query in zip(ask(every), every, strict=True):
            assert_same(near, ask(query))
    many = [f"w{i % 60}" for i in range(1_500)]
    assert wv.most_similar_cosmul(many, topn=1)[0][0] in wv


def test_a_missing_word_names_others(wv):
    for call in (
        lambda: wv["w6O"],
        lambda: wv.most_similar("w6O"),
        lambda: wv.most_similar([["w1"], [("w6O", 2.0)]]),
        lambda: wv.similarity("w1", "w6O"),
        lambda: wv.distances("w6O"),
        lambda: wv.rank("w6O", "w1"),
        lambda: wv.mean_vector(["w6O"]),
        lambda: wv.doesnt_match(["w1", "w6O"]),
    ):
        with pytest.raises(KeyError, match=r"word 'w6O' is not in .* did you mean w6"):
            call()


def test_what_cannot_be_asked(wv):
    for call, message in [
        (lambda: wv.most_similar(), "at least one word or vector"),
        (lambda: wv.most_similar([[], ["w1"]], [[], []]), "at least one word or vector"),
        (lambda: wv.most_similar([["w1"]], [["w1"], ["w2"]]), "1 queries and negative 2"),
        (lambda: wv.most_similar("w1", topn=0), "topn is 0"),
        (lambda: wv.most_similar("w1", topn=2.5), "topn is 2.5; it must be an integer"),
        (lambda: wv.most_similar("w1", topn=None), "topn is None; it must be an integer"),
        (lambda: wv.most_similar([3]), "3 is neither a word nor a vector"),
        (lambda: wv.n_similarity("w1", "w2"), "is one word; a list"),
        (lambda: wv.most_similar("w1", restrict_vocab=-1), "restrict_vocab is -1"),
        (lambda: wv.most_similar("w1", restrict_vocab=0), "restrict_vocab is 0; it must be"),
        (lambda: wv.most_similar_cosmul("w1", restrict_vocab=0), "restrict_vocab is 0"),
        (lambda: wv.similar_by_vector(VECTOR, restrict_vocab=0), "restrict_vocab is 0"),
        (lambda: wv.most_similar([("w1", np.nan)]), "a weight is nan"),
        (lambda: wv.most_similar_cosmul([("w1", np.inf)]), "a weight is inf"),
        (lambda: wv.mean_vector(["w1"], [np.nan]), "a weight is not a finite number"),
        (lambda: wv.most_similar([VECTOR[:3]]), r"shape \(3,\) was given; expected \(8,\)"),
        (lambda: wv.analogy("w1", "w2", "w3", method="other"), "3cosadd or 3cosmul"),
        (lambda: wv.similarity(["w1"], ["w1", "w2"]), "1 of one and 2 of the other"),
        (lambda: wv.n_similarity([], ["w1"]), "is empty"),
        (lambda: wv.doesnt_match([]), "is empty"),
        (lambda: wv.doesnt_match("w1"), "is one word; a list"),
        (lambda: wv.mean_vector(["w1"], [1.0, 2.0]), "1 of one and 2 of the other"),
    ]:
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_queries_that_are_not_finite_are_refused(wv, bad):
    vector = np.ones(8)
    vector[3] = bad
    for call in (
        lambda: wv.most_similar([vector]),
        lambda: wv.most_similar([["w1"], [(vector, 2.0)]]),
        lambda: wv.most_similar(["w1"], [vector]),
        lambda: wv.most_similar_cosmul([vector]),
        lambda: wv.similar_by_vector(vector),
        lambda: wv.similar_by_vector(np.stack([VECTOR, vector])),
        lambda: wv.distances(vector),
        lambda: wv.distances([vector], ["w1"]),
        lambda: wv.mean_vector(["w1", vector]),
    ):
        with pytest.raises(InputError, match="holds a number that is not finite"):
            call()


def test_a_zero_vector_is_near_nothing():
    wv = WordVectors(Vocabulary(("a", "b"), np.array([2, 1])), np.array([[0.0, 0], [1, 1]]))
    assert wv.most_similar("a") == [("b", 0.0)]
    assert wv.similarity("a", "b") == 0
