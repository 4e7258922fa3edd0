"""Words as pieces of rows of n-grams, and how rows follow their words."""

import numpy as np
import pytest

from jaxw2v.devices.storage_order import storage_row
from jaxw2v.subwords import Ngrams, made_up_words, share_rows
from jaxw2v.training.setup.word_parts import FOLLOW, OWN_OCCURRENCES, PIECE, make_word_parts


@pytest.fixture(scope="module")
def shared():
    return share_rows(made_up_words(80), Ngrams(2, 3, 2_000_000))


def test_pieces_hold_the_rows_of_each_word(shared):
    size = len(shared.own_weights)
    parts = make_word_parts(shared, np.ones(size), 10)
    for v in range(size):
        here = storage_row(v, size)
        some = slice(parts.first[here], parts.first[here] + parts.pieces[here])
        rows, weights = parts.rows[some].reshape(-1), parts.weights[some].reshape(-1)
        own = slice(shared.starts[v], shared.starts[v + 1])
        count = len(shared.shared[own])
        expected = storage_row(shared.shared[own], shared.num_shared)
        np.testing.assert_array_equal(rows[:count], expected)
        np.testing.assert_array_equal(weights[:count], shared.weights[own])
        assert (rows[count:] == len(parts.follow)).all()
        assert len(rows) - count < PIECE


def test_rows_follow_by_how_many_words_of_a_step_have_them(shared):
    draw, size, tokens = np.random.default_rng(0), len(shared.own_weights), 30
    counts = np.round(1_000 / np.arange(1, size + 1))
    parts = make_word_parts(shared, counts, tokens)
    has = np.zeros((size, shared.num_shared))
    has[np.repeat(np.arange(size), np.diff(shared.starts)), shared.shared] = 1
    steps = draw.choice(size, (4_000, tokens), p=counts / counts.sum())
    distinct = np.zeros((len(steps), size))
    distinct[np.arange(len(steps))[:, None], steps] = 1
    expected = np.maximum(1, (distinct @ has).mean(axis=0)) ** -FOLLOW
    found = parts.follow[storage_row(np.arange(shared.num_shared), shared.num_shared)]
    assert found.min() < 0.8
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_own_rows_of_frequent_words_take_what_ngrams_leave(shared):
    size = len(shared.own_weights)
    parts = make_word_parts(shared, np.resize([0, OWN_OCCURRENCES, 1e9], size), 100)
    own = parts.own_follow[storage_row(np.arange(size), size)][:, None]
    follow = parts.follow[storage_row(np.arange(shared.num_shared), shared.num_shared)][:, None]
    moved = shared.vectors_of(own, follow)
    as_others = shared.vectors_of(np.ones_like(own), follow)
    share = np.resize([0, 0.5, 1], size)[:, None]
    assert all(as_others[share == s].min() < 0.95 for s in (0, 0.5, 1))
    # At 1 the vector moves by what the optimizer says.
    np.testing.assert_allclose(moved, as_others + share * (1 - as_others), atol=1e-6)
