"""Ids outside of the vocabulary."""

import jax
import jax.numpy as jnp
import pytest
from jax.experimental import checkify

from jaxw2v.sampling import (
    check_ids,
)


def test_ids_outside_the_vocabulary_are_found_where_that_is_asked_for():
    def lookup(ids):
        return jnp.arange(3.0)[check_ids(ids, 3)]

    checked = checkify.checkify(jax.jit(lookup))
    assert checked(jnp.array([[0, 2], [-1, 1]]))[0].get() is None
    for bad in ([1, 3], [-2, 0]):
        with pytest.raises(checkify.JaxRuntimeError, match="the vocabulary has 3 words"):
            checked(jnp.array(bad))[0].throw()
    # Without checkify nothing is checked, and JAX's own rules hold.
    assert jax.jit(lookup)(jnp.array([7])).tolist() == [2.0]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "uint32"])
def test_ids_of_any_width_are_compared_as_numbers(dtype):
    checked = checkify.checkify(lambda ids: check_ids(ids, 70_000))
    assert checked(jnp.array([0, 120], dtype))[0].get() is None
    checked = checkify.checkify(lambda ids: check_ids(ids, 100))
    assert "ids reach from 0 to 120" in checked(jnp.array([0, 120], dtype))[0].get()
