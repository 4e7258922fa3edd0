"""Layers that read every row, where devices hold parts of the table."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from small_layouts import WORDS, layout_of

from jaxw2v import Config
from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.training.objectives import make_objective
from jaxw2v.training.step.whole_table import Scored, Scorer

B, L, D = 8, 4, 6
COUNTS = np.arange(WORDS, 0, -1)


@pytest.mark.slow
@pytest.mark.parametrize("mesh", ["1x8", "2x4"])
def test_blocks_of_all_devices_are_scored_with_the_rows_of_all(mesh):
    rng = np.random.default_rng(0)
    ids = jnp.asarray(rng.integers(0, WORDS, (B, L)), jnp.int32)
    hidden = jnp.asarray(rng.normal(size=(B, L, D)), jnp.float32)
    targets = jnp.asarray(rng.random((B, L, L)) < 0.4)
    words = jnp.asarray(rng.normal(size=(WORDS, D)), jnp.float32)
    table = jnp.zeros((num_rows(WORDS), D)).at[storage_row(np.arange(WORDS), WORDS)].set(words)
    objective = make_objective(Config(output_layer="softmax"))
    constants = objective.output_layer.constants(COUNTS)
    layout = layout_of(mesh)
    shards = layout.shards
    scorer = Scorer(objective.output_layer.across_rows(shards.vocab), constants, shards)

    def both(rows, *blocks):
        rows = shards.vary(rows, shards.data)
        scored = Scored(blocks[0], blocks[1], rows, blocks[2])
        grad_hidden, grad_rows = scorer.gradients(scored)
        loss = shards.sum(scorer.loss(scored), shards.block_axes)
        return loss, grad_hidden, shards.sum(grad_rows, shards.data)

    cut, mine = layout.specs(table), layout.tokens
    program = layout.program(both, (cut, mine, mine, mine), (PartitionSpec(), mine, cut))
    loss, grad_hidden, grad_rows = program(table, ids, hidden, targets)
    alone = objective.output_layer
    expected = alone.loss(constants, ids, hidden, words, targets)
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    expected = alone.gradients(constants, ids, hidden, words, targets)
    np.testing.assert_allclose(grad_hidden, expected[0], atol=1e-5)
    found = np.asarray(grad_rows)[storage_row(np.arange(WORDS), WORDS)]
    np.testing.assert_allclose(found, expected[1], atol=1e-5)


def test_other_layers_pass_through():
    calls = []

    class Layer:
        reads_every_row = False

        def loss(self, *given):
            calls.append(given)
            return jnp.float32(1)

        gradients = loss

    scorer = Scorer(Layer(), "constants", layout_of("1x8").shards)
    scored = Scored(*"abcd")
    scorer.loss(scored)
    scorer.gradients(scored)
    assert calls == [("constants", *"abcd")] * 2
