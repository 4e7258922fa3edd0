"""Rows of n-grams in the run that goes on from another."""

import numpy as np

from jaxw2v.subwords import Ngrams, made_up_words, share_rows
from jaxw2v.training.starts.from_ngrams import rows_before


def test_rows_of_ngrams_are_found_again():
    draw, names = np.random.default_rng(0), made_up_words(60)
    before, now = (share_rows(names[:n], Ngrams(2, 4, 100)) for n in (30, 60))
    own, shared = (draw.normal(size=(n, 3)).astype(np.float32) for n in (30, before.num_shared))
    table = np.concatenate([own, shared])
    found = rows_before(now, before)
    rows = np.where(found[:, None] >= 0, table[found], 0)
    # Words of before, whose own rows are what they were, have the vectors of before.
    grown = np.concatenate([own, np.zeros((30, 3), np.float32)])
    np.testing.assert_allclose(
        now.vectors_of(grown, rows)[:30], before.vectors_of(own, shared), atol=1e-6
    )


def test_every_ngram_is_traced_to_its_row_or_to_none():
    kinds = Ngrams(3, 3, 2_000_000)
    before, now = (share_rows(words, kinds) for words in (["cat", "dog"], ["cat", "dog", "cats"]))
    found = rows_before(now, before)
    size = len(now.own_weights)
    known = dict(zip(before.buckets.tolist(), before.rows.tolist(), strict=True))
    for bucket, row in zip(now.buckets.tolist(), now.rows.tolist(), strict=True):
        if row >= size:
            assert found[row - size] == known.get(bucket, -1)
    # <ca and cat belonged to cat alone.
    assert found.tolist() == [0] * len(found)


def test_where_there_were_no_ngrams_none_is_found():
    kinds = Ngrams(5, 6, 100)
    before, now = (share_rows(words, kinds) for words in (["a"], ["a", "bananas", "bananab"]))
    assert len(before.buckets) == 0
    assert (rows_before(now, before) == -1).all()
