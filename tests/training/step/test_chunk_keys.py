"""Each chunk of each epoch draws anew, and the same again when it is repeated."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.training.step.chunk_keys import chunk_keys


def data(seed, epoch, chunk):
    keys = jax.jit(chunk_keys)(jax.random.key(seed), jnp.array([epoch, chunk]))
    return {name: tuple(np.asarray(jax.random.key_data(k))) for name, k in keys._asdict().items()}


def test_no_two_draws_have_the_same_key():
    places = list(itertools.product((1, 2), (0, 1, 2), (0, 1, 70_000)))
    found = [key for place in places for key in data(*place).values()]
    assert len(set(found)) == len(found) == 5 * len(places)


def test_the_same_place_has_the_same_keys():
    assert data(1, 2, 3) == data(1, 2, 3)
    eager = chunk_keys(jax.random.key(1), jnp.array([2, 3]))
    assert tuple(np.asarray(jax.random.key_data(eager.order))) == data(1, 2, 3)["order"]
