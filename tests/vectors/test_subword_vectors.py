"""Vectors of words that were never seen."""

import numpy as np
import pytest
from composed_words import composed

from jaxw2v import WordVectors


@pytest.fixture(scope="module")
def wv():
    return composed()


def test_what_is_no_text_is_composed_too(wv):
    assert wv["a\ud800b"].shape == (5,)


def test_queries_take_unseen_words(wv):
    assert "bananarama" in wv
    assert "bananarama" not in wv.vocabulary
    assert wv.most_similar("bananarama", topn=2)[0][0] in ("banana", "bananas")
    mixed = wv.similarity(["banana", "cats"], ["bananarama", "cat"])
    expected = [
        wv[a] @ wv[b] / np.linalg.norm(wv[a]) / np.linalg.norm(wv[b])
        for a, b in (("banana", "bananarama"), ("cats", "cat"))
    ]
    np.testing.assert_allclose(mixed, expected, rtol=1e-5)
    # Words are taken at length one, whether they are in the vocabulary or not.
    (near,) = wv.most_similar([["bananarama", "cats"]], topn=1)
    units = [wv[w] / np.linalg.norm(wv[w]) for w in ("bananarama", "cats")]
    others = [pair for pair in wv.similar_by_vector(np.sum(units, 0), topn=6) if pair[0] != "cats"]
    assert near == [(others[0][0], pytest.approx(others[0][1], rel=1e-5))]
    with pytest.raises(KeyError):
        WordVectors(wv.vocabulary, wv.vectors)["bananarama"]


def test_vectors_that_are_assigned_have_no_ngrams(wv):
    other = WordVectors(wv.vocabulary, wv.vectors, None, wv.subwords)
    other.vectors = wv.vectors + 1
    assert "bananarama" not in other
