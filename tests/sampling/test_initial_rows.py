import jax
import numpy as np
import pytest

from jaxw2v.sampling import initial_rows


def test_components_are_uniform_as_in_word2vec_c():
    rows = np.asarray(initial_rows(jax.random.key(0), 1_000, 8))
    assert rows.dtype == np.float32
    assert rows.shape == (1_000, 8)
    shares, _ = np.histogram(rows, bins=16, range=(-1 / 16, 1 / 16))
    assert shares.sum() == rows.size
    chi_squared = ((shares - 500) ** 2 / 500).sum()
    assert chi_squared < 37.7  # 1 in 1,000 of 15 degrees of freedom


def test_each_key_draws_rows_of_its_own():
    one, again, other = (initial_rows(jax.random.key(seed), 50, 4) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not (np.asarray(one) == other).any()


def test_rows_of_nothing_are_refused():
    with pytest.raises(ValueError, match="embedding_dim is 0"):
        initial_rows(jax.random.key(0), 3, 0)
