"""Sums of gradients move the rows that they are of, by any optimizer."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from small_layouts import WORDS, layout_of

from jaxw2v import Config
from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.training.objectives import make_objective
from jaxw2v.training.step.gradient_sums import GradientSums
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.updates import update_table

ROWS, D = num_rows(WORDS), 4
SHARDS = layout_of(None).shards
IDS = np.array([[[5, 7, 5], [600, 7, 0]]], np.int32)
TOUCHED = np.isin(np.arange(ROWS), storage_row(IDS, WORDS))


@pytest.mark.slow
@pytest.mark.usefixtures("optax_promotes")
@pytest.mark.parametrize("optimizer", [optax.sgd(0.5), optax.adagrad(0.1), optax.adam(0.1)])
@pytest.mark.parametrize("rows_per_pass", [2, ROWS])
def test_touched_rows_move_as_the_optimizer_moves_them(optimizer, rows_per_pass):
    rng = np.random.default_rng(0)
    table = jnp.asarray(rng.normal(size=(ROWS, D)), jnp.float32)
    gradients = np.where(TOUCHED[:, None], rng.normal(size=(ROWS, D)), 0).astype(np.float32)
    settings = StepSettings(make_objective(Config()), optimizer, SHARDS, 2, 1, rows_per_pass, False)
    sums, _ = GradientSums.at_touched_rows(
        jnp.asarray(IDS), jnp.zeros(ROWS, jnp.int32), rows_per_pass, SHARDS
    )
    rows = jnp.where(sums.touched.rows < ROWS, sums.touched.rows, 0)
    total = jnp.where((sums.touched.rows < ROWS)[:, None], jnp.asarray(gradients)[rows], 0)
    # Moments of all rows, so that a dense update would move the others too.
    first = jnp.asarray(rng.normal(size=(ROWS, D)), jnp.float32)
    _, state = optimizer.update(first, optimizer.init(table), table)
    moved, after = update_table(table, state, sums, total, jnp.float32(0.5), settings)
    updates, expected = optimizer.update(jnp.asarray(gradients), state, table)
    whole = optax.apply_updates(table, updates)
    np.testing.assert_allclose(moved, np.where(TOUCHED[:, None], whole, table), rtol=1e-6)
    for found, dense, before in zip(*map(jax.tree.leaves, (after, expected, state)), strict=True):
        if found.shape == table.shape:
            rest = np.where(TOUCHED[:, None], dense, before)
            np.testing.assert_allclose(found, rest, rtol=1e-6)


def test_all_rows_move_where_all_are_summed():
    def schedule(updates, state, params=None, *, progress, **extra):
        return updates * progress, state

    optimizer = optax.GradientTransformationExtraArgs(lambda params: (), schedule)
    settings = StepSettings(make_objective(Config()), optimizer, SHARDS, 2, 1, ROWS, True)
    table, total = jnp.ones((ROWS, D)), jnp.full((ROWS, D), 2.0)
    sums = GradientSums.at_every_row(SHARDS)
    moved, _ = update_table(table, (), sums, total, jnp.float32(0.25), settings)
    np.testing.assert_allclose(moved, 1.5)
