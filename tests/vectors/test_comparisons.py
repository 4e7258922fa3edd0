"""Similarities, ranks and means against gensim's."""

import numpy as np
import pytest
from few_words import WORDS
from query_vectors import VECTOR


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
