"""The chances that a Huffman tree gives, and what hidden vectors decide at its nodes."""

import jax.numpy as jnp
import numpy as np
import pytest
from softmax_sizes import D, V

from jaxw2v.losses import (
    block_decision_loss,
    block_hierarchical_softmax_loss,
    hierarchical_softmax_loss,
    huffman_tree,
    shared_decisions,
    split_at,
)


def test_the_chances_of_all_words_sum_to_one(rng):
    tree = huffman_tree(rng.integers(1, 100, V))
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    hidden = jnp.broadcast_to(jnp.asarray(rng.normal(size=D), jnp.float32), (V, D))
    loss = hierarchical_softmax_loss(hidden, table[tree.nodes], jnp.asarray(tree.signs))
    np.testing.assert_allclose(jnp.exp(-loss).sum(), 1, rtol=1e-5)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("depth", [1, 3, 9])
def test_a_loss_of_shared_nodes_and_of_the_rest_is_that_of_the_paths(rng, own, depth):
    words, length = 40, 6
    tree = huffman_tree(rng.integers(1, 100, words))
    table = jnp.asarray(rng.normal(size=(words, D)), jnp.float32)
    ids = rng.integers(0, words, (3, length))
    hidden = jnp.asarray(rng.normal(size=(3, length, D)), jnp.float32)
    mask = jnp.asarray(rng.random((3, length, length)) * (rng.random((3, length, length)) < 0.5))
    mask = (mask.any(1) if own else mask).astype(jnp.float32)

    def of(paths):
        signs = jnp.asarray(paths.signs[ids])
        return block_hierarchical_softmax_loss(hidden, table[paths.nodes[ids]], signs, mask)

    nodes, signs, rest = split_at(tree, depth)
    rows = jnp.broadcast_to(table[nodes], (3, len(nodes), D))
    shared = block_decision_loss(hidden, rows, *shared_decisions(jnp.asarray(signs[ids]), mask))
    np.testing.assert_allclose(shared + of(rest), of(tree), rtol=1e-5)
