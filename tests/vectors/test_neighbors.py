"""Nearest rows, in blocks, over devices, by both formulas: against sorting all scores."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxw2v.vectors import neighbors
from jaxw2v.vectors.neighbors import Queries, cosines, inverse_lengths, nearest, unit_rows

R, D, Q, P = 96, 5, 4, 3


@pytest.fixture
def table():
    rows = np.random.default_rng(0).normal(size=(R, D)).astype(np.float32)
    rows[7] = 0
    return rows


@pytest.fixture(params=[1 << 14, 60, 7])
def rows_at_once(request, monkeypatch):
    monkeypatch.setattr(neighbors, "ROWS_AT_ONCE", request.param)
    for program in (neighbors._nearest, neighbors._nearest_of_all):
        program.clear_cache()
    yield
    for program in (neighbors._nearest, neighbors._nearest_of_all):
        program.clear_cache()


def units(rows):
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def placed(table, devices):
    if devices == 1:
        return jnp.asarray(table)
    mesh = jax.make_mesh((devices,), ("vocab",), axis_types=(AxisType.Auto,))
    return jax.device_put(table, NamedSharding(mesh, PartitionSpec("vocab")))


def asked():
    rng = np.random.default_rng(1)
    vectors = units(rng.normal(size=(Q, P, D))).astype(np.float32)
    vectors[0, 1:] = 0
    weights = rng.choice([1.0, 0.5, -1.0], (Q, P)).astype(np.float32)
    weights[:, 0] = 1
    exclude = rng.integers(0, R, (Q, 2)).astype(np.int32)
    exclude[1] = R
    return Queries(jnp.asarray(vectors), jnp.asarray(weights), jnp.asarray(exclude))


def scores_of(table, queries, by_product):
    """Of every row, one by one."""
    found = np.zeros((Q, R))
    for q in range(Q):
        vectors, weights = np.float64(queries.vectors[q]), np.float64(queries.weights[q])
        for r, row in enumerate(units(np.float64(table))):
            if by_product:
                parts = (vectors @ row + 1) / 2
                found[q, r] = parts[weights > 0].prod() / (parts[weights < 0].prod() + 1e-6)
            else:
                found[q, r] = row @ units(weights @ vectors)
    return found


@pytest.mark.parametrize("by_product", [False, True])
@pytest.mark.parametrize("size", [None, 30])
@pytest.mark.parametrize("devices", [1, 8])
def test_the_nearest_are_the_first_when_all_are_sorted(
    table, rows_at_once, devices, size, by_product
):
    queries, here = asked(), placed(table, devices)
    expected = scores_of(table, queries, by_product)
    expected[:, size or R :] = -np.inf
    for q in range(Q):
        excluded = np.asarray(queries.exclude[q])
        expected[q, excluded[excluded < R]] = -np.inf
    scores, rows = nearest(here, inverse_lengths(here), queries, 6, size, by_product)
    order = np.argsort(-expected, axis=1)[:, :6]
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_allclose(scores, np.take_along_axis(expected, order, 1), rtol=1e-4)


@pytest.mark.parametrize("devices", [1, 8])
def test_where_no_further_row_is_the_score_says_so(table, devices):
    here = placed(table, devices)
    scores, rows = nearest(here, inverse_lengths(here), asked(), R, 3)
    finite = np.isfinite(scores)
    assert (finite.sum(1) <= 3).all()
    assert finite[1].sum() == 3
    assert set(np.asarray(rows)[1][finite[1]].tolist()) == {0, 1, 2}
    assert (np.diff(np.where(finite, scores, -2)) <= 0).all()


@pytest.mark.parametrize("devices", [1, 8])
def test_cosines_to_every_row(table, devices):
    vectors = np.random.default_rng(2).normal(size=(3, D)).astype(np.float32)
    here = placed(table, devices)
    found = cosines(here, inverse_lengths(here), vectors)
    np.testing.assert_allclose(found, units(vectors) @ units(table).T, atol=1e-6)


def test_lengths_of_zero_rows_divide_nothing(table):
    inverse = inverse_lengths(jnp.asarray(table))
    assert inverse[7] == 0
    np.testing.assert_allclose(unit_rows(jnp.asarray(table)), units(table), rtol=1e-6)
    assert np.isfinite(jax.jacobian(unit_rows)(jnp.asarray(table[:2]))).all()
