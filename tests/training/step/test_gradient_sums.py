"""Gradients of rows are added up where the rows lie, whatever devices exchange."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from small_layouts import DIM, WORDS, layout_of

from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.training.step.gradient_sums import GradientSums

ROWS = num_rows(WORDS)
MICRO, B, M = 2, 8, 5
IDS = np.random.default_rng(0).integers(0, 60, (MICRO, B, M)).astype(np.int32)
GRADIENTS = np.random.default_rng(1).normal(size=(MICRO, B, M, DIM)).astype(np.float32)


def expected():
    sums = np.zeros((ROWS, DIM))
    np.add.at(sums, storage_row(IDS, WORDS).reshape(-1), GRADIENTS.reshape(-1, DIM))
    return sums


def summed(mesh, kind, exchange_sums, rows_per_pass):
    layout = layout_of(mesh, exchange_sums=exchange_sums)
    shards = layout.shards

    def add_up(table, ids, gradients):
        everyones = shards.gather(ids, shards.block_axes, axis=1)
        if kind == "every row":
            sums = GradientSums.at_every_row(shards)
        else:
            scratch = jnp.zeros(shards.rows_here, jnp.int32)
            scratch = shards.vary(scratch, shards.vocab)
            sums, _ = GradientSums.at_touched_rows(everyones, scratch, rows_per_pass, shards)
        total = sums.start(table)
        for number in range(MICRO):
            total = sums.add(total, number, ids[number], gradients[number])
        total = sums.finish(total)
        if sums.touched is None:
            return total
        # A row that no slot is of has none.
        return jnp.zeros_like(table).at[sums.touched.rows].set(total, mode="drop")

    cut, blocks = layout.specs(jnp.zeros((ROWS, DIM))), PartitionSpec(None, *layout.tokens)
    program = layout.program(add_up, (cut, blocks, blocks), cut)
    return program(jnp.zeros((ROWS, DIM)), jnp.asarray(IDS), jnp.asarray(GRADIENTS))


@pytest.mark.parametrize("kind", ["every row", "touched rows"])
@pytest.mark.parametrize(
    ("mesh", "exchange_sums"),
    [(None, False), ("8x1", False), ("8x1", True), ("1x8", False), ("2x4", False), ("2x4", True)],
)
def test_sums_are_those_of_adding_one_by_one(mesh, exchange_sums, kind):
    found = summed(mesh, kind, exchange_sums, rows_per_pass=16)
    np.testing.assert_allclose(found, expected(), atol=1e-5)


@pytest.mark.parametrize("mesh", [None, "8x1", "1x8"])
def test_a_table_that_is_swept_says_which_rows_move(mesh):
    layout = layout_of(mesh)
    shards = layout.shards
    ids = np.random.default_rng(0).integers(0, WORDS, (1, 8, 200)).astype(np.int32)

    def marks(ids):
        scratch = shards.vary(jnp.zeros(shards.rows_here, jnp.int32), shards.vocab)
        everyones = shards.gather(ids, shards.block_axes, axis=1)
        sums, _ = GradientSums.at_touched_rows(everyones, scratch, ROWS, shards)
        assert sums.touched is None
        return sums.is_touched

    cut = layout.specs(jnp.zeros(ROWS))
    found = layout.program(marks, (PartitionSpec(None, *layout.tokens),), cut)(jnp.asarray(ids))
    rows = np.isin(np.arange(ROWS), storage_row(ids, WORDS))
    np.testing.assert_array_equal(found, rows)


def test_zeros_of_two_tables_are_told_apart():
    sums = GradientSums.at_every_row(layout_of(None).shards)
    table = jnp.ones((ROWS, DIM))
    one, other = sums.start(table), sums.start(table, -0.0)
    assert not one.any()
    assert not other.any()
    assert np.signbit(np.asarray(other)).all()
    assert not np.signbit(np.asarray(one)).any()


def test_gradients_of_whole_tables_are_taken_as_they_are():
    sums = GradientSums.of_whole_tables(layout_of(None).shards)
    gradients = np.random.default_rng(0).normal(size=(WORDS, DIM)).astype(np.float32)
    total = sums.add(jnp.ones((ROWS, DIM)), 0, None, jnp.asarray(gradients))
    by_row = np.ones((ROWS, DIM), np.float32)
    by_row[storage_row(np.arange(WORDS), WORDS)] += gradients
    np.testing.assert_allclose(total, by_row, rtol=1e-6)
