import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry2x32_p

from jaxw2v.sampling import initial_rows
from jaxw2v.sampling.initial_rows import bits_at


def test_components_are_uniform_as_in_word2vec_c():
    rows = np.asarray(initial_rows(jax.random.key(0), 1_000, 8))
    assert rows.dtype == np.float32
    assert rows.shape == (1_000, 8)
    shares, _ = np.histogram(rows, bins=16, range=(-1 / 16, 1 / 16))
    assert shares.sum() == rows.size
    chi_squared = ((shares - 500) ** 2 / 500).sum()
    assert chi_squared < 37.7  # 1 in 1,000 of 15 degrees of freedom


@pytest.mark.parametrize(("words", "dim"), [(7, 1), (3, 16), (300, 17), (65_537, 100), (40, 300)])
def test_rows_are_those_of_jax_random(words, dim):
    key = jax.random.fold_in(jax.random.key(3), words)
    expected = jax.random.uniform(key, (words, dim), np.float32, -0.5 / dim, 0.5 / dim)
    np.testing.assert_array_equal(initial_rows(key, words, dim), expected)


def test_places_past_32_bits_have_bits_of_their_own():
    key, width = jax.random.key(5), 300
    row = 149 * 2**32 // width
    places = [divmod(row * width + column, 2**32) for column in range(width)]
    assert {upper for upper, _ in places} == {148, 149}
    high, low = threefry2x32_p.bind(*jax.random.key_data(key), *jnp.array(places, jnp.uint32).T)
    bits = bits_at(key, jnp.uint32([row]), jnp.arange(width, dtype=jnp.uint32), width)
    np.testing.assert_array_equal(bits[0], high ^ low)


def test_drawing_takes_little_more_memory_than_the_rows():
    program = jax.jit(lambda key: initial_rows(key, 20_000, 200)).lower(jax.random.key(0)).compile()
    memory = program.memory_analysis()
    assert memory.temp_size_in_bytes < 0.5 * memory.output_size_in_bytes


def test_each_key_draws_rows_of_its_own():
    one, again, other = (initial_rows(jax.random.key(seed), 50, 4) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not (np.asarray(one) == other).any()


def test_keys_are_taken_one_by_one():
    keys = jax.random.split(jax.random.key(0), 3)
    with pytest.raises(ValueError, match=r"key must be one key, not an array \(3,\); vmap over"):
        initial_rows(keys, 4, 2)
    many = jax.vmap(lambda key: initial_rows(key, 4, 20))(keys)
    np.testing.assert_array_equal(many[1], initial_rows(keys[1], 4, 20))


def test_rows_of_nothing_are_refused():
    with pytest.raises(ValueError, match="embedding_dim is 0"):
        initial_rows(jax.random.key(0), 3, 0)
