"""Equal values at repeated places."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.sampling.indexing import CLIP, DROP, IN_BOUNDS, ZERO, set_equal


@pytest.mark.parametrize("in_order", [False, True])
def test_equal_values_are_set_and_places_outside_left_out(in_order):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 40, 200)
    expected = np.full(30, -1)
    expected[ids[ids < 30]] = ids[ids < 30] * 2
    program = jax.jit(set_equal, static_argnums=3)
    found = program(jnp.full(30, -1, jnp.int32), jnp.asarray(ids), jnp.asarray(ids * 2), in_order)
    np.testing.assert_array_equal(found, expected)
    one = program(jnp.zeros(30, jnp.int32), jnp.asarray(ids), jnp.int32(1), in_order)
    np.testing.assert_array_equal(one, np.isin(np.arange(30), ids))


def test_what_places_outside_do():
    array, ids = jnp.array([3, 5, 7]), jnp.array([0, 2, 3, 9])
    assert array.at[ids[:2]].get(**IN_BOUNDS).tolist() == [3, 7]
    assert array.at[ids].get(**CLIP).tolist() == [3, 7, 7, 7]
    assert array.at[ids].get(**ZERO).tolist() == [3, 7, 0, 0]
    assert array.at[ids].set(1, **DROP).tolist() == [1, 5, 1]
