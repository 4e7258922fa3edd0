"""Every loss under every transformation, in both precisions, with and without 64-bit types."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from jaxw2v import losses

N, L, D, V, NOISE = 8, 4, 6, 20, 3
TREE = losses.huffman_tree(np.arange(1, V + 1))
MASK = ~jnp.eye(L, dtype=bool)[None]


def by_blocks(loss):
    """A loss of one block, its rows taken from a table."""
    return lambda table, ids: loss(table[ids][None], table, ids[None])


# Each: from a table [V, D] and the words of one block [L] to a number.
LOSSES = {
    "negative_sampling": lambda t, i: losses.negative_sampling_loss(
        t[i], t[i[::-1]], t[jnp.stack([i, i + 1], 1) % V]
    ).sum(),
    "block_negative_sampling": by_blocks(
        lambda h, t, i: losses.block_negative_sampling_loss(h, t[i], t[i[:, :NOISE]], MASK, 2)
    ),
    "written_out": by_blocks(
        lambda h, t, i: sum(
            g.sum()
            for g in losses.block_negative_sampling_gradients(
                h, t[jnp.concatenate([i, i[:, :NOISE]], 1)], MASK, 2
            )
        )
    ),
    "written_out_for_own_words": by_blocks(
        lambda h, t, i: sum(
            g.sum()
            for g in losses.block_negative_sampling_gradients(
                h, t[jnp.concatenate([i, i[:, :NOISE]], 1)], MASK.any(1), 2
            )
        )
    ),
    "softmax": lambda t, i: losses.softmax_loss(t[i], t, i, 7).sum(),
    "block_softmax": by_blocks(lambda h, t, i: losses.block_softmax_loss(h, t, i, MASK, 7)),
    "hierarchical_softmax": lambda t, i: losses.hierarchical_softmax_loss(
        t[i], t[jnp.asarray(TREE.nodes)[i]], jnp.asarray(TREE.signs)[i]
    ).sum(),
    "block_hierarchical_softmax": by_blocks(
        lambda h, t, i: losses.block_hierarchical_softmax_loss(
            h, t[jnp.asarray(TREE.nodes)[i]], jnp.asarray(TREE.signs)[i], MASK
        )
    ),
    "written_out_hierarchical": by_blocks(
        lambda h, t, i: sum(
            g.sum()
            for g in losses.block_hierarchical_softmax_gradients(
                h, t[jnp.asarray(TREE.nodes)[i]], jnp.asarray(TREE.signs)[i], MASK
            )
        )
    ),
    "cbow": by_blocks(
        lambda h, t, i: losses.block_negative_sampling_loss(
            losses.bag_of_contexts(h, MASK), t[i], t[i[:, :NOISE]], MASK.any(1), 2
        )
    ),
}


@pytest.fixture(params=LOSSES)
def loss(request):
    return LOSSES[request.param]


@pytest.fixture
def arguments():
    rng = np.random.default_rng(0)
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    return table, jnp.asarray(rng.integers(0, V, (N, L)), jnp.int32)


@pytest.mark.slow
def test_every_transformation_gives_the_same_numbers(loss, arguments):
    table, ids = arguments
    expected = jnp.stack([loss(table, block) for block in ids])
    close = functools.partial(np.testing.assert_allclose, desired=expected, rtol=2e-5, atol=1e-5)
    close(jax.jit(jax.vmap(loss, (None, 0)))(table, ids))
    close(jax.pmap(loss, in_axes=(None, 0))(table, ids))
    close(jax.lax.scan(lambda c, block: (c, loss(table, block)), None, ids)[1])
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    mapped = jax.shard_map(
        lambda t, i: jax.vmap(loss, (None, 0))(t, i),
        mesh=mesh,
        in_specs=(P(), P("data")),
        out_specs=P("data"),
    )
    close(jax.jit(mapped)(table, ids))


@pytest.mark.slow
def test_gradients_pass_through_jit_and_vmap(loss, arguments):
    table, ids = arguments
    gradient = jax.jit(jax.grad(loss))
    together = jax.jit(jax.vmap(jax.grad(loss), (None, 0)))(table, ids)
    alone = jnp.stack([gradient(table, block) for block in ids])
    np.testing.assert_allclose(together, alone, rtol=2e-5, atol=1e-5)


@pytest.mark.slow
def test_gradients_of_devices_add_up_under_shard_map(loss, arguments):
    table, ids = arguments

    def on_device(table, ids):
        varying = jax.lax.pcast(table, ("data",), to="varying")
        total = jax.grad(lambda t: jax.vmap(loss, (None, 0))(t, ids).sum())(varying)
        return jax.lax.psum(total, "data")

    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    specs = {"in_specs": (P(), P("data")), "out_specs": P()}
    found = jax.jit(jax.shard_map(on_device, mesh=mesh, **specs))(table, ids)
    expected = jax.jit(jax.grad(lambda t: jax.vmap(loss, (None, 0))(t, ids).sum()))(table)
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.slow
def test_bfloat16_rows_are_added_up_in_float32(loss, arguments):
    table, ids = arguments
    half = table.astype(jnp.bfloat16)
    compiled = jax.jit(loss)
    value = compiled(half, ids[0])
    assert value.dtype == jnp.float32
    # The rounded rows in float32 give the same up to the rounding of products, if any.
    exact = compiled(half.astype(jnp.float32), ids[0])
    np.testing.assert_allclose(value, exact, rtol=1e-4)
    assert jax.eval_shape(jax.grad(loss), half, ids[0]).dtype == jnp.bfloat16


@pytest.mark.slow
def test_64_bit_types_change_no_result(loss, arguments):
    table, ids = arguments
    expected = jax.jit(loss)(table, ids[0])
    with jax.enable_x64(True):
        found = jax.jit(loss)(table, ids[0])
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
