"""One row for n-grams that the same words have: the same vectors and gradients as with one each."""

import numpy as np
import pytest

from jaxw2v.subwords import Ngrams, made_up_words, share_rows

WORDS = ["banana", "bananas", "ananas", "cat", "cats", "a", "</s>", *made_up_words(40)]


@pytest.fixture(params=[2_000_000, 30], ids=["apart", "colliding"])
def shared(request):
    return share_rows(WORDS, Ngrams(2, 4, request.param))


def buckets_by_word(shared):
    found = shared.ngrams(WORDS)
    return [found.buckets[found.starts[i] : found.starts[i + 1]] for i in range(len(WORDS))]


def test_vectors_are_means_of_rows_of_the_word_and_its_ngrams(shared):
    draw = np.random.default_rng(0)
    size = len(WORDS)
    table = draw.normal(size=(size + shared.num_shared, 5)).astype(np.float32)
    row_of = dict(zip(shared.buckets.tolist(), shared.rows.tolist(), strict=True))
    expected = [
        np.mean([table[v], *(table[row_of[b]] for b in buckets)], axis=0)
        for v, buckets in enumerate(buckets_by_word(shared))
    ]
    found = shared.vectors_of(table[:size], table[size:])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_row_is_shared_by_ngrams_of_the_same_words_and_by_no_others(shared):
    words_of = {}
    for v, buckets in enumerate(buckets_by_word(shared)):
        for bucket in buckets.tolist():
            words_of.setdefault(bucket, []).append(v)
    sets = {}
    for bucket, row in zip(shared.buckets.tolist(), shared.rows.tolist(), strict=True):
        sets.setdefault(row, set()).add(tuple(words_of[bucket]))
    assert all(len(words) == 1 for words in sets.values())
    assert len({next(iter(words)) for words in sets.values()}) == len(sets)
    for row, words in sets.items():
        assert (row < len(WORDS)) == (words == {(row,)})


def test_rows_are_numbered_by_the_first_word_that_has_them(shared):
    firsts = [
        min(v for v in range(len(WORDS)) if u in shared.shared[slice(*shared.starts[v : v + 2])])
        for u in range(shared.num_shared)
    ]
    assert firsts == sorted(firsts)


def test_without_ngrams_a_word_is_its_own_row():
    shared = share_rows(["cat", "dog"], Ngrams(9, 9, 10))
    own = np.eye(2, dtype=np.float32)
    np.testing.assert_array_equal(shared.vectors_of(own, np.ones((1, 2), np.float32)), own)
