"""Tables by columns and by rows hold the same numbers, each device its part."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import choose_mesh

WORDS, ROWS = 300, 512


@pytest.mark.parametrize("mesh", ["1x1x8", "2x2x2", "1x2x4", "4x1x2"])
@pytest.mark.parametrize("dim", [8, 13])
def test_columns_are_those_of_the_rows_and_go_back(mesh, dim):
    layout = Layout(choose_mesh(mesh, 64, lambda shape: 0), WORDS, dim)
    table = np.arange(ROWS * dim, dtype=np.float32).reshape(ROWS, dim)

    def make():
        rows = jnp.asarray(table)
        held = jnp.arange(ROWS)[:, None] % 3 == 0
        return {"table": rows, "held": held, "scratch": jnp.arange(ROWS), "count": jnp.int32(7)}

    state = layout.make(make)
    _, vocab, count = layout.shape
    for shard in state["table"].addressable_shards:
        assert shard.data.shape == (ROWS // (vocab * count), dim)
    trained = layout.for_training(state)
    width = -(-dim // (4 * count)) * 4
    padded = np.pad(table, ((0, 0), (0, count * width - dim)))
    for shard in trained["table"].addressable_shards:
        assert shard.data.shape == (ROWS // vocab, width)
        np.testing.assert_array_equal(shard.data, padded[shard.index])
    for name in ("held", "scratch"):
        assert {s.data.shape[0] for s in trained[name].addressable_shards} == {ROWS // vocab}
    back = layout.by_rows(trained)(trained)
    jax.tree.map(np.testing.assert_array_equal, back, state)
    assert jax.tree.map(lambda a: a.sharding, back) == jax.tree.map(lambda a: a.sharding, state)


def test_without_columns_nothing_moves():
    layout = Layout(choose_mesh("2x4", 64, lambda shape: 0), WORDS, 8)
    state = layout.make(lambda: jnp.zeros((ROWS, 8)))
    assert layout.for_training(state) is state
    assert layout.by_rows(state)(state) is state
