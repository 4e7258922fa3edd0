"""Negatives of a pair's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from objective_cases import COUNTS, B, L, V

from jaxw2v import Config
from jaxw2v.training.objectives import make_objective


@pytest.mark.slow
def test_fresh_negatives_differ_from_pair_to_pair():
    config = Config(negatives="fresh", block_length=L, num_negatives=3)
    layer = make_objective(config).output_layer
    constants, ids = layer.constants(COUNTS), jnp.zeros((50, L), jnp.int32)
    draws = layer.draw(jax.random.key(0), constants, jnp.arange(50))
    rows = []
    for number in range(2):
        of_part, _ = layer.part(draws, jnp.ones((50, L, L), bool), number)
        rows.append(np.asarray(layer.row_ids(constants, ids, of_part))[:, L:].reshape(50, L, 3))
    rows = np.concatenate(rows, axis=1)
    expected = COUNTS**0.75 / (COUNTS**0.75).sum()
    found = np.bincount(rows.ravel(), minlength=V) / rows.size
    np.testing.assert_allclose(found, expected, atol=0.015)
    # Pairs of a block, of two parts too, and neighboring blocks share no draws.
    for first, second in (
        (rows[:, 1:], rows[:, :-1]),
        (rows[:, L:], rows[:, :L]),
        (rows[1:], rows[:-1]),
    ):
        assert (first == second).all(axis=-1).mean() < 2 * (expected**2).sum() ** 3


def test_parts_of_fresh_negatives_hold_every_pair_once():
    layer = make_objective(Config(negatives="fresh", block_length=L)).output_layer
    targets = jax.random.bernoulli(jax.random.key(0), 0.4, (B, L, L))
    most = int(targets.sum((1, 2)).max())
    keys = jax.random.split(jax.random.key(1), B)
    assert layer.parts(targets) == -(-most // L)
    parts = [layer.part(keys, targets, n)[1] for n in range(int(layer.parts(targets)))]
    assert all((part.sum((1, 2)) <= L).all() for part in parts)
    assert np.array_equal(sum(part.astype(int) for part in parts), targets)
    assert layer.parts(jnp.zeros((B, L, L), bool)) == 0
