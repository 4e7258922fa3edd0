"""Products are added up in float32, over the columns of all devices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, PartitionSpec
from jax.test_util import check_grads

from jaxw2v.losses.product import (
    BFLOAT16_OPERANDS,
    product,
    scores,
    through_scores,
    to_devices,
)

ROWS, OTHERS = (
    jnp.asarray(np.random.default_rng(i).normal(size=(n, 8)), jnp.float32)
    for i, n in enumerate((3, 5))
)


def over(count, function, *specs):
    mesh = jax.make_mesh((count,), ("dim",), axis_types=(AxisType.Auto,))
    return jax.jit(jax.shard_map(function, mesh=mesh, in_specs=specs[:-1], out_specs=specs[-1]))


COLUMNS, WHOLE = PartitionSpec(None, "dim"), PartitionSpec()


@pytest.mark.parametrize("count", [1, 2, 8])
def test_shared_out_columns_give_the_scores_of_whole_rows(count):
    expected = np.float64(ROWS) @ np.float64(OTHERS).T
    shared = over(count, lambda a, b: scores("id,jd->ij", a, b, "dim"), COLUMNS, COLUMNS, WHOLE)
    np.testing.assert_allclose(shared(ROWS, OTHERS), expected, rtol=1e-5)
    for none in (None, ()):
        np.testing.assert_allclose(scores("id,jd->ij", ROWS, OTHERS, none), expected, rtol=1e-5)


@pytest.mark.parametrize("count", [2, 8])
def test_gradients_are_those_of_whole_rows(count):
    def loss(a, b, axis_name=None):
        return (scores("id,jd->ij", a, b, axis_name) ** 3).sum()

    shared = over(
        count,
        jax.grad(lambda a, b: loss(a, b, "dim"), (0, 1)),
        COLUMNS,
        COLUMNS,
        (COLUMNS, COLUMNS),
    )
    for found, expected in zip(
        shared(ROWS, OTHERS), jax.grad(loss, (0, 1))(ROWS, OTHERS), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_what_all_devices_have_collects_the_gradients_of_all():
    """A factor that every device uses for its own columns."""

    def loss(factor, a):
        return jax.lax.psum((to_devices(factor, "dim") * a).sum(), "dim")

    shared = over(8, jax.grad(loss), WHOLE, COLUMNS, WHOLE)
    np.testing.assert_allclose(shared(jnp.float32(2), ROWS), ROWS.sum(), rtol=1e-5)


def test_halves_are_added_up_in_float32():
    """4,096 times 1 is beyond what bfloat16 can count to."""
    ones = jnp.ones((1, 4_096), jnp.bfloat16)
    found = scores("id,jd->ij", ones, ones, None)
    assert found.dtype == jnp.float32
    assert found.tolist() == [[4_096.0]]


def some_blocks():
    rng = np.random.default_rng(3)
    shapes = (2, 5, 3), (2, 3, 4), (2, 5, 4)
    return [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]


@pytest.mark.parametrize("transform", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_gradients_go_through_scores_to_both_of_their_factors(transform):
    grad_scores, hidden, rows = some_blocks()
    of_hidden, of_rows = transform(through_scores)(grad_scores, hidden, rows)
    for b in range(2):
        g, h, r = (np.float64(array[b]) for array in (grad_scores, hidden, rows))
        np.testing.assert_allclose(of_hidden[b], g.T @ r, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(of_rows[b], g @ h, rtol=1e-5, atol=1e-6)


def test_they_can_be_mapped_and_differentiated():
    arguments = some_blocks()
    twice = [jnp.stack([array, 2 * array]) for array in arguments]
    for one, both in zip(through_scores(*arguments), jax.vmap(through_scores)(*twice), strict=True):
        np.testing.assert_allclose(both, jnp.stack([one, 4 * one]), rtol=1e-6)
    check_grads(through_scores, arguments, 2, atol=0.1, rtol=0.1)


def rounded(array):
    return np.float64(array.astype(jnp.bfloat16))


def test_a_cpu_rounds_operands_to_bfloat16_where_that_is_asked_for():
    grad_scores, hidden, rows = some_blocks()
    g, h, r = (rounded(array) for array in (grad_scores, hidden, rows))
    with jax.default_matmul_precision(BFLOAT16_OPERANDS):
        found = product("bid,bnd->bni", hidden, rows), *through_scores(grad_scores, hidden, rows)
    expected = r @ h.swapaxes(1, 2), g.swapaxes(1, 2) @ r, g @ h
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == jnp.float32
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    whole = product("bid,bnd->bni", hidden, rows)
    assert np.abs(found[0] - whole).max() > 1e-3
    np.testing.assert_allclose(found[0], whole, atol=0.05)


def test_rounded_products_have_derivatives():
    _, hidden, rows = some_blocks()

    def loss(hidden, rows):
        return (product("bid,bnd->bni", hidden, rows) ** 2).sum()

    expected = jax.grad(loss, (0, 1))(hidden, rows)
    with jax.default_matmul_precision(BFLOAT16_OPERANDS):
        found = jax.grad(loss, (0, 1))(hidden, rows)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == jnp.float32
        np.testing.assert_allclose(one, other, atol=0.2)
        assert (one != other).any()
