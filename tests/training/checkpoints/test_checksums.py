"""Checksums of arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.devices.mesh import choose_mesh
from jaxw2v.training.checkpoints.checksums import checksum, compute_checksums


@pytest.mark.slow
def test_a_checksum_is_the_same_on_any_mesh_and_sees_every_change():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(512, 6)).astype(np.float32)
    expected = int(
        (array.view(np.uint32).ravel().astype(object) * (2 * np.arange(array.size) + 1)).sum()
        % 2**32
    )
    mesh = choose_mesh("2x4", 8, lambda shape: 0)
    for spec in (jax.P("vocab"), jax.P("data"), jax.P(("data", "vocab")), jax.P()):
        cut = jax.device_put(array, jax.NamedSharding(mesh, spec))
        assert [int(found) for found in jax.jit(checksum)(cut)] == [expected, 1]
    bits = array.view(np.uint32).copy()
    bits[17, 3] ^= 1 << 30
    swapped = array.copy()
    swapped[[3, 4]] = array[[4, 3]]
    for other in (bits.view(np.float32), swapped):
        assert int(checksum(jnp.asarray(other))[0]) != expected
    for dtype in (jnp.bfloat16, jnp.int8, bool, jnp.int32):
        sums = {int(checksum((jnp.arange(5) == place).astype(dtype))[0]) for place in range(6)}
        assert len(sums) == 6


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_entry_that_is_not_finite_is_found_on_any_mesh(bad):
    array = np.zeros((64, 3), np.float32)
    array[41, 1] = bad
    mesh = choose_mesh("2x4", 8, lambda shape: 0)
    for spec in (jax.P("vocab"), jax.P("data"), jax.P()):
        cut = jax.device_put(array, jax.NamedSharding(mesh, spec))
        assert not jax.jit(checksum)(cut)[1]
        sums, finite = compute_checksums({"good": jnp.zeros(3), "bad": cut, "key": jnp.uint32(3)})
        assert not finite
        assert int(sums["key"]) == 3


def test_a_checksum_needs_no_copy_of_the_array():
    array = jax.ShapeDtypeStruct((4096, 100), jnp.float32)
    memory = jax.jit(checksum).lower(array).compile().memory_analysis()
    assert memory.temp_size_in_bytes < 4096
