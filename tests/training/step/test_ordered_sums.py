"""Rows are added in one order, whatever the ids."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.training.step.ordered_sums import LARGEST_TILE, TILE, add_in_order
from jaxw2v.training.step.row_updates import add_to_rows

CASES = {
    "few": (7, 3),
    "one tile": (LARGEST_TILE, 50),
    "two levels": (LARGEST_TILE + 1, 50),
    "three levels": (40_000, 3_000),
    "all of one id": (5_001, 1),
    "two ids, tiles that are open on both sides": (20 * TILE * TILE, 2),
    "hardly any twice": (8_192, 100_000),
}


def draws(n, size):
    rng = np.random.default_rng(0)
    # Some lie outside, as those of other devices do.
    ids = np.minimum(rng.zipf(1.3, n) - 1, size + 2).astype(np.int32)
    return ids, rng.normal(size=(n, 5)).astype(np.float32), np.ones((size, 5), np.float32)


@pytest.mark.parametrize(("n", "size"), CASES.values(), ids=CASES)
def test_sums_are_those_of_adding_one_by_one(n, size):
    ids, rows, table = draws(n, size)
    expected = np.zeros((size + 3, 5))
    expected[:size] = table
    np.add.at(expected, ids, rows.astype(np.float64))
    found = jax.jit(add_in_order)(table, ids, rows)
    np.testing.assert_allclose(found, expected[:size], atol=1e-6 * np.sqrt(n) * 10)


def test_distinct_ids_are_exact():
    ids = np.random.default_rng(1).permutation(5_000).astype(np.int32)
    rows = np.random.default_rng(2).normal(size=(5_000, 4)).astype(np.float32)
    found = jax.jit(add_in_order)(jnp.zeros((5_000, 4)), ids, rows)
    np.testing.assert_array_equal(found[ids], rows)


class Recorded:
    """A table that keeps what is written to it."""

    def __init__(self, shape):
        self.shape, self.written = shape, []

    @property
    def at(self):
        return self

    def __getitem__(self, ids):
        self.written.append(np.asarray(ids))
        return self

    def add(self, rows, *, unique_indices, **mode):
        assert unique_indices
        return self


def test_no_id_is_written_twice_at_once():
    """A GPU would add what is promised to be distinct without atomics, and lose some."""
    ids, rows, table = draws(40_000, 3_000)
    recorded = Recorded(table.shape)
    add_in_order(recorded, jnp.asarray(ids), jnp.asarray(rows))
    assert len(recorded.written) == 3
    for written in recorded.written:
        inside = written[written < len(table)]
        assert len(set(inside.tolist())) == len(inside) > 0


def test_a_gpu_and_no_other_platform_takes_this_order():
    def sorts(platform, in_order):
        shapes = jnp.zeros((9, 4)), jnp.zeros(3_000, jnp.int32), jnp.zeros((3_000, 4))
        traced = jax.jit(add_to_rows, static_argnums=(3, 4)).trace(*shapes, True, in_order)
        return "stablehlo.sort" in traced.lower(lowering_platforms=(platform,)).as_text()

    found = {p: sorts(p, True) for p in ("cpu", "cuda", "rocm", "tpu")}
    assert found == {"cpu": False, "cuda": True, "rocm": True, "tpu": False}
    assert not sorts("cuda", False)
