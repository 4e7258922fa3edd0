"""Rows of inner nodes, path by path."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from objective_cases import COUNTS, B, D, L, V

from jaxw2v.training.objectives.huffman_softmax import HuffmanSoftmax


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    ids = jnp.asarray(rng.integers(0, V, (B, L)))
    hidden = jnp.asarray(rng.normal(size=(B, L, D)), jnp.float32)
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    return ids, hidden, table, jnp.asarray(rng.random((B, L, L)) < 0.3)


def test_the_loss_walks_the_path_of_each_target(case):
    ids, hidden, table, mask = case
    layer = HuffmanSoftmax()
    tree = layer.constants(COUNTS)
    rows = layer.row_ids(tree, ids, ())
    assert rows.shape == (B, layer.rows_per_block(L, tree))
    nodes, signs, vectors, by_node = map(np.asarray, (tree.nodes, tree.signs, hidden, table))
    expected = 0.0
    for b, target, center in np.argwhere(mask):
        word = int(ids[b, target])
        for node, sign in zip(nodes[word], signs[word], strict=True):
            score = sign * np.float64(vectors[b, center]) @ np.float64(by_node[node])
            expected += abs(sign) * np.log1p(np.exp(-score))
    found = jax.jit(layer.loss)(tree, ids, hidden, table[rows], mask)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_written_out_gradients_are_those_of_the_loss(case):
    ids, hidden, table, mask = case
    layer = HuffmanSoftmax()
    tree = layer.constants(COUNTS)
    rows = table[layer.row_ids(tree, ids, ())]
    for targets in (mask, mask.any(1)):
        found = jax.jit(layer.gradients)(tree, ids, hidden, rows, targets)
        by_autodiff = jax.jit(super(HuffmanSoftmax, layer).gradients)
        expected = by_autodiff(tree, ids, hidden, rows, targets)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_scores_that_travel_are_those_of_all_nodes():
    layer = HuffmanSoftmax()
    tree = layer.constants(COUNTS)
    depth = tree.nodes.shape[1]
    assert layer.scores_per_block(L, tree, own_word=True) == L * depth
    assert layer.scores_per_block(L, tree, own_word=False) == L * L * depth
    assert not layer.rows_are_words
