"""How arrays lie over devices, on every kind of mesh."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from small_layouts import DIM, WORDS, layout_of

from jaxw2v.devices.storage_order import num_rows

ROWS = num_rows(WORDS)
MESHES = [None, "2x4", "1x1x2", "2x2x2"]


def state():
    """Two tables, the moments of one by rows, and a number."""
    table = jnp.arange(ROWS * DIM, dtype=jnp.float32).reshape(ROWS, DIM)
    return {"table": table, "moments": table[:, :1] + 0.5, "steps": jnp.float32(7)}


@pytest.mark.parametrize("mesh", MESHES)
def test_tables_are_cut_and_nothing_else(mesh):
    layout = layout_of(mesh)
    made = layout.make(state)
    _, vocab, dim = layout.shape
    jax.tree.map(np.testing.assert_array_equal, made, state())
    assert made["table"].addressable_shards[0].data.shape == (ROWS // (vocab * dim), DIM)
    assert made["moments"].addressable_shards[0].data.shape == (ROWS // (vocab * dim), 1)
    assert made["steps"].addressable_shards[0].data.shape == ()
    assert len(made["table"].addressable_shards) == layout.num_devices
    shapes = layout.shapes(state)
    assert jax.tree.map(lambda a: (a.shape, a.sharding), made) == jax.tree.map(
        lambda s: (s.shape, s.sharding), shapes
    )


@pytest.mark.parametrize("mesh", ["1x1x2", "2x2x2", "1x1x4", "2x4"])
def test_columns_are_shared_out_for_training_and_come_back(mesh):
    layout = layout_of(mesh)
    made = layout.make(state)
    trained = layout.for_training(made)
    _, vocab, dim = layout.shape
    # Columns in fours, which a CPU takes at once.
    width = DIM if dim == 1 else 4
    part = trained["table"].addressable_shards[0].data
    assert part.shape == (ROWS // vocab, width)
    # A device has all moments of its rows, whatever columns it has.
    assert trained["moments"].addressable_shards[0].data.shape == (ROWS // vocab, 1)
    shapes = layout.training_shapes(layout.shapes(state))
    assert jax.tree.map(lambda a: a.shape, trained) == jax.tree.map(lambda s: s.shape, shapes)
    columns = np.asarray(trained["table"])
    np.testing.assert_array_equal(columns[:, :DIM], state()["table"])
    assert not columns[:, DIM:].any()
    jax.tree.map(np.testing.assert_array_equal, layout.by_rows(made)(trained), state())


@pytest.mark.parametrize("mesh", MESHES)
def test_tokens_reach_devices_that_take_different_ones(mesh):
    layout, asked = layout_of(mesh), []

    def read(first, last):
        asked.append((first, last))
        place = np.arange(first, last, dtype=np.int32)
        return np.where(place < 10, place, -1), place * 2

    ids, doubled = layout.put_tokens(10, read)
    size = layout.num_takers * -(-10 // layout.num_takers)
    assert layout.empty_tokens(10).shape == ids.shape == (size,)
    assert ids.tolist() == [*range(10), *[-1] * (size - 10)]
    assert doubled.tolist() == list(range(0, 2 * size, 2))
    # Once for devices along dim.
    assert sorted(asked) == [
        (i * size // layout.num_takers, (i + 1) * size // layout.num_takers)
        for i in range(layout.num_takers)
    ]


@pytest.mark.parametrize("mesh", MESHES)
def test_a_copy_is_whole_everywhere(mesh):
    layout, array = layout_of(mesh), np.arange(5)
    copy = layout.copy_everywhere({"a": array})["a"]
    assert len(copy.addressable_shards) == layout.num_devices
    for shard in copy.addressable_shards:
        np.testing.assert_array_equal(shard.data, array)
    assert layout.shapes_of_copies({"a": array})["a"].sharding == copy.sharding


@pytest.mark.parametrize("mesh", ["2x4", "2x2x2"])
def test_a_program_runs_on_every_device_by_the_names_of_its_axes(mesh):
    layout = layout_of(mesh)
    everywhere = layout.shards.all_axes
    count = layout.program(
        lambda x: jax.lax.psum(x, everywhere), (PartitionSpec(),), PartitionSpec()
    )
    assert int(count(jnp.int32(3))) == 24
    assert layout.largest(7) == 7
    assert layout.tokens == PartitionSpec(layout.shards.block_axes)


def test_further_tables_are_cut_too():
    layout = layout_of("1x4", others=(2_000,))
    specs = layout.specs({"ngrams": np.zeros((num_rows(2_000), 2)), "other": np.zeros((2_000, 2))})
    assert specs == {"ngrams": PartitionSpec(("vocab",)), "other": PartitionSpec()}
