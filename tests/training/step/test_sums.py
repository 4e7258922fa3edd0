"""Before a step its rows are found; padding stands for one of them and touches no other."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from objective_cases import COUNTS, B, D, L, V

from jaxw2v import Config
from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.sampling import context_bounds
from jaxw2v.training.objectives import LayerConstants, make_objective
from jaxw2v.training.step.batch import Blocks, WordArrays
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import state_of_tables
from jaxw2v.training.step.sums import prepare_sums

ROWS, N = num_rows(V), 3


def prepared(dense=False, **settings):
    """One micro-batch of blocks, of which the last is padding and the first half so."""
    rng = np.random.default_rng(0)
    ids = rng.integers(2, V, (1, B, L)).astype(np.int32)
    ids[0, 0, L // 2 :] = -1
    ids[0, -1] = -1
    draws = rng.integers(2, V, (1, B, N)).astype(np.int32)
    draws[0, -1] = 1
    if "output_layer" not in settings:
        settings |= {"num_negatives": 2, "negatives_per_block": N}
    config = Config(**settings)
    objective = make_objective(config)
    table = jnp.ones((ROWS, D))
    state = state_of_tables(table, table, optax.sgd(1.0))
    bounds = context_bounds(*[jnp.ones((1, B, L), jnp.int32)] * 2, jnp.asarray(ids >= 0))
    constants = objective.constants(COUNTS)
    words = WordArrays(jnp.zeros(V, jnp.uint32), LayerConstants((), constants.output))
    step = StepSettings(objective, optax.sgd(1.0), Shards(V), B, 1, 4, dense)
    blocks = Blocks(jnp.asarray(ids), bounds, jnp.asarray(draws), None)
    sums, known, after = prepare_sums(state, blocks, words, step)
    return ids, draws, sums, known, after


def rows_of(sums):
    rows = np.asarray(sums.touched.rows)
    return set(rows[rows < ROWS].tolist())


def rows_for(*words):
    return set(storage_row(np.concatenate([np.ravel(w) for w in words]), V).tolist())


@pytest.mark.slow
def test_the_rows_of_words_and_negatives_are_found():
    ids, draws, sums, known, _ = prepared()
    real = ids[ids >= 0]
    assert rows_of(sums.inputs) == rows_for(real)
    # Those of the block of padding, all of them word 1, are not touched.
    assert rows_of(sums.outputs) == rows_for(real, draws[0, :-1])
    assert (np.asarray(known.ids) >= 0).all()
    padding = np.unique(np.asarray(known.ids)[ids < 0])
    assert len(padding) == 1
    assert padding[0] in ids[0, 0]
    np.testing.assert_array_equal(np.asarray(known.ids)[ids >= 0], real)


@pytest.mark.parametrize(
    ("settings", "inputs", "outputs"),
    [
        ({"dense": True}, None, None),
        ({"output_layer": "softmax"}, "touched", None),
        ({"objective": "cbow"}, "touched", "touched"),
    ],
)
def test_which_tables_are_summed_over_every_row(settings, inputs, outputs):
    _, _, sums, _, _ = prepared(**settings)
    assert (sums.inputs.touched is None) == (inputs is None)
    assert (sums.outputs.touched is None) == (outputs is None)
    assert sums.composed is None
