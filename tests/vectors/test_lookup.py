"""What all questions take, and what they refuse."""

import numpy as np
import pytest
from few_words import WORDS
from query_vectors import VECTOR

from jaxw2v import InputError


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
