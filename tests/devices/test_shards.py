"""What devices exchange, against what one device with everything does."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from small_layouts import WORDS, layout_of

from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import num_rows, storage_row

ROWS = num_rows(WORDS)


def table():
    return jnp.arange(ROWS * 6, dtype=jnp.float32).reshape(ROWS, 6)


@pytest.mark.parametrize("mesh", [None, "8x1", "1x8", "2x4"])
def test_rows_are_read_wherever_they_lie(mesh):
    layout = layout_of(mesh)
    shards = layout.shards
    ids = np.random.default_rng(0).integers(0, WORDS, (8 * 3, 2))
    wanted = layout.tokens
    read = layout.program(
        lambda part, ids: shards.lookup(part, shards.rows(ids)),
        (layout.specs(table()), wanted),
        wanted,
    )
    found = read(layout.make(table), jnp.asarray(ids))
    np.testing.assert_array_equal(found, np.asarray(table())[storage_row(ids, WORDS)])


@pytest.mark.parametrize("mesh", ["1x8", "2x4"])
def test_each_row_is_one_devices_own(mesh):
    layout = layout_of(mesh)
    shards, vocab = layout.shards, layout.shape[1]
    own = layout.program(
        lambda: shards.own(jnp.arange(ROWS))[None], (), PartitionSpec(shards.vocab)
    )()
    here = ROWS // vocab
    assert own.shape == (vocab, ROWS)
    for device, places in enumerate(np.asarray(own)):
        mine = np.arange(ROWS) // here == device
        np.testing.assert_array_equal(places[mine], np.arange(here))
        assert (places[~mine] == here).all()


def test_gradients_of_blocks_or_their_sums_are_exchanged():
    for sums, joined, summed in ((False, ("data", "vocab"), ()), (True, ("vocab",), ("data",))):
        shards = Shards(WORDS, ("data",), ("vocab",), ("dim",), exchange_sums=sums)
        assert (shards.joined, shards.summed) == (joined, summed)
        assert set(shards.joined + shards.summed) == set(shards.block_axes)
        assert shards.all_axes == ("data", "vocab", "dim")
        assert (shards.whole.data, shards.whole.vocab) == (("data", "vocab"), ())


def test_parts_are_joined_added_and_compared_in_the_order_of_devices():
    layout = layout_of("2x4")
    shards = layout.shards
    axes = shards.all_axes

    def exchange(part):
        number = shards.index(axes) + part[0]
        joined = shards.gather(number[None], axes)
        return joined, shards.sum(number, axes), shards.largest(number, axes)

    spec = PartitionSpec()
    joined, total, largest = layout.program(exchange, (spec,), (spec,) * 3)(jnp.ones(1, jnp.int32))
    assert joined.tolist() == list(range(1, 9))
    assert (int(total), int(largest)) == (36, 8)


def test_without_names_all_is_the_identity():
    alone = Shards(WORDS)
    x = jnp.arange(3.0)
    for found in (alone.gather(x, ()), alone.sum(x, ()), alone.largest(x, ())):
        assert found is x
    assert (alone.count(()), alone.index(()), alone.share(7), alone.rows_here) == (1, 0, 7, ROWS)
    rows = jnp.array([5, 0])
    assert alone.own(rows) is rows
    assert alone.rows_of_all_words.tolist() == [storage_row(v, WORDS) for v in range(WORDS)]


def test_a_share_is_rounded_up():
    layout = layout_of("2x4")
    shares = layout.program(
        lambda: jnp.array([layout.shards.share(n) for n in (1, 8, 9, 64)]), (), PartitionSpec()
    )()
    assert shares.tolist() == [1, 1, 2, 8]
