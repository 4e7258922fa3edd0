"""Rows of inner nodes, path by path."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from objective_cases import B, D, L

from jaxw2v.losses import huffman_tree
from jaxw2v.training.objectives.huffman_softmax import SHARED_LEVELS, HuffmanSoftmax

V = 300
COUNTS = 10_000 // np.arange(1, V + 1)


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
    nodes, signs = huffman_tree(COUNTS, 10)
    assert 2**SHARED_LEVELS - 1 >= tree.shared.size > 1
    assert tree.rest.nodes.shape == (V, 10 - SHARED_LEVELS)
    vectors, by_node = map(np.asarray, (hidden, table))
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
    shared, depth = tree.shared.size, tree.rest.nodes.shape[1]
    assert layer.scores_per_block(L, tree, own_word=True) == L * (shared + depth)
    assert layer.scores_per_block(L, tree, own_word=False) == L * (shared + L * depth)
    assert not layer.rows_are_words


def test_two_words_have_a_tree(case):
    ids, hidden, table, mask = case
    layer, counts = HuffmanSoftmax(), np.array([3, 2])
    tree = layer.constants(counts)
    rows = table[layer.row_ids(tree, ids % 2, ())]
    for targets in (mask, mask.any(1)):
        of_hidden, of_rows = jax.jit(layer.gradients)(tree, ids % 2, hidden, rows, targets)
        assert of_hidden.shape == hidden.shape
        assert of_rows.shape == rows.shape
        assert jnp.isfinite(layer.loss(tree, ids % 2, hidden, rows, targets))
