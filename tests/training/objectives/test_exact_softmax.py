"""Every word is scored, wherever its row lies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, PartitionSpec
from objective_cases import COUNTS, B, D, L, V

from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.training.objectives.exact_softmax import ExactSoftmax


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, V, (B, L)).astype(np.int32)
    hidden = rng.normal(size=(B, L, D)).astype(np.float32)
    words = rng.normal(size=(V, D)).astype(np.float32)
    return ids, hidden, words, rng.random((B, L, L)) < 0.3


def by_hand(ids, hidden, words, mask):
    scores = np.float64(hidden) @ np.float64(words).T
    partition = np.log(np.exp(scores).sum(-1))
    return sum(partition[b, c] - scores[b, c, ids[b, t]] for b, t, c in np.argwhere(mask))


def test_the_loss_is_cross_entropy(case):
    layer = ExactSoftmax()
    assert layer.row_ids((), case[0], ()) is None
    found = layer.loss(layer.constants(COUNTS), *case)
    assert float(found) == pytest.approx(by_hand(*case), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("devices", [1, 8])
def test_rows_of_many_devices_give_the_same(case, devices):
    ids, hidden, words, mask = case
    table = np.zeros((num_rows(V), D), np.float32)
    table[storage_row(np.arange(V), V)] = words
    layer = ExactSoftmax().across_rows(("vocab",))
    is_word = layer.constants(COUNTS)
    assert is_word.sum() == V
    assert np.asarray(is_word)[storage_row(np.arange(V), V)].all()
    mesh = jax.make_mesh((devices,), ("vocab",), axis_types=(AxisType.Auto,))
    cut, everywhere = PartitionSpec("vocab"), PartitionSpec()

    def both(rows, hidden):
        loss = layer.loss(is_word, jnp.asarray(ids), hidden, rows, jnp.asarray(mask))
        return loss, layer.gradients(is_word, jnp.asarray(ids), hidden, rows, jnp.asarray(mask))

    program = jax.shard_map(
        both, mesh=mesh, in_specs=(cut, everywhere), out_specs=(everywhere, (everywhere, cut))
    )
    loss, (grad_hidden, grad_rows) = jax.jit(program)(table, hidden)
    assert float(loss) == pytest.approx(by_hand(*case), rel=1e-5)
    expected = ExactSoftmax().gradients(
        is_word, jnp.asarray(ids), jnp.asarray(hidden), jnp.asarray(words), jnp.asarray(mask)
    )
    np.testing.assert_allclose(grad_hidden, expected[0], atol=1e-5)
    np.testing.assert_allclose(
        np.asarray(grad_rows)[storage_row(np.arange(V), V)], expected[1], atol=1e-5
    )


def test_scores_that_travel_are_those_of_targets():
    layer = ExactSoftmax()
    assert layer.scores_per_block(32, (), own_word=False) == 32 * 32
    assert layer.scores_per_block(32, (), own_word=True) == 32
    assert layer.rows_per_block(32, ()) == 32
