"""Sampling under the transformations of JAX."""

import jax
import jax.numpy as jnp
from sampling_counts import COUNTS

from jaxw2v.sampling import (
    noise_distribution,
    sample_noise,
)


def test_everything_maps_and_jits():
    noise = noise_distribution(COUNTS)
    keys = jax.random.split(jax.random.key(0), 3)
    together = jax.jit(jax.vmap(lambda k: sample_noise(k, noise, (4,))))(keys)
    alone = jnp.stack([sample_noise(k, noise, (4,)) for k in keys])
    assert jnp.array_equal(together, alone)
