"""Huffman trees and the chances that they give."""

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from softmax_sizes import D, V

from jaxw2v.losses import (
    hierarchical_softmax_loss,
    huffman_tree,
)
from jaxw2v.losses.hierarchical_softmax import HuffmanTree


@pytest.mark.parametrize(
    "counts",
    [[1, 1], [5, 2, 1], [1] * 8, [1, 1, 2, 3, 5, 8, 13], list(range(1, 60))],
    ids=["two", "three", "equal", "fibonacci", "many"],
)
def test_the_tree_is_a_code_of_least_cost(counts):
    tree = huffman_tree(np.array(counts))
    depth = (tree.signs != 0).sum(axis=1)
    assert int((depth * counts).sum()) == oracles.huffman_cost(counts)
    paths = {tuple(signs[signs != 0].tolist()) for signs in tree.signs}
    assert len(paths) == len(counts)
    # The same turns from the root lead to the same node.
    node_at = {}
    for nodes, signs, length in zip(tree.nodes, tree.signs, depth, strict=True):
        for place in range(length):
            prefix = tuple(signs[:place].tolist())
            assert node_at.setdefault(prefix, nodes[place]) == nodes[place]
    assert sorted(node_at.values()) == list(range(len(counts) - 1))
    # After the end stands the root.
    assert (tree.nodes[tree.signs == 0] == len(counts) - 2).all()


def test_the_chances_of_all_words_sum_to_one(rng):
    tree = huffman_tree(rng.integers(1, 100, V))
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    hidden = jnp.broadcast_to(jnp.asarray(rng.normal(size=D), jnp.float32), (V, D))
    loss = hierarchical_softmax_loss(hidden, table[tree.nodes], jnp.asarray(tree.signs))
    np.testing.assert_allclose(jnp.exp(-loss).sum(), 1, rtol=1e-5)


def test_the_tree_is_a_pytree():
    tree = jax.tree.map(jnp.asarray, huffman_tree(np.array([5, 2, 1])))
    assert isinstance(tree, HuffmanTree)
    assert tree.nodes.dtype == jnp.int32
