import jax.numpy as jnp
import numpy as np
import oracles
import pytest

from jaxw2v.devices.storage_order import num_rows, storage_row, word_of_row
from jaxw2v.sampling import keep_probability


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 255, 256, 257, 1_000, 79_860])
def test_each_word_has_a_row_of_its_own(size):
    words = np.arange(size)
    rows = storage_row(words, size)
    assert rows.tolist() == [oracles.storage_row(word, size) for word in range(size)]
    assert len(set(rows.tolist())) == size
    assert rows.max() < num_rows(size)
    assert num_rows(size) % 256 == 0
    np.testing.assert_array_equal(word_of_row(rows, size), words)
    nobody = np.setdiff1d(np.arange(num_rows(size)), rows)
    assert (word_of_row(nobody, size) >= size).all()
    assert storage_row(jnp.asarray(words), size).tolist() == rows.tolist()


@pytest.mark.parametrize("pieces", [1, 2, 8, 64, 256])
def test_a_piece_holds_the_words_of_one_remainder(pieces):
    size = 5_000
    rows = storage_row(np.arange(size), size)
    piece = rows // (num_rows(size) // pieces)
    for p in range(pieces):
        assert len(set((np.flatnonzero(piece == p) % pieces).tolist())) == 1


@pytest.mark.parametrize("pieces", [2, 4, 8])
def test_the_busiest_piece_serves_at_most_a_fifth_more_than_the_mean(pieces):
    """Rows read for Zipf's law: kept words from the input table, words and noise from the output.

    The corpus that the limit was set for is measured in experiments/multi_device.
    """
    size = 80_000
    counts = np.maximum(1.5e7 / (np.arange(size) + 2.7) / 12, 5)
    kept = counts * keep_probability(counts, 1e-3)
    noise = counts**0.75
    piece = storage_row(np.arange(size), size) // (num_rows(size) // pieces)
    for reads in (kept, kept / kept.sum() + 0.75 * noise / noise.sum()):
        served = np.bincount(piece, reads)
        assert served.max() / served.mean() < 1.2
    contiguous = np.bincount(np.arange(size) // (size // pieces), kept)
    assert contiguous.max() / contiguous.mean() > 1.5
