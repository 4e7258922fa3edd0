"""Huffman trees: codes of least cost, of any length or up to one, and what their words share."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest

from jaxw2v.losses import HuffmanTree, huffman_tree, split_at


def lengths_of(tree):
    """Of a tree that is checked: it is one, and paths that turn alike meet the same nodes."""
    lengths = (tree.signs != 0).sum(axis=1)
    paths = {tuple(signs[signs != 0].tolist()) for signs in tree.signs}
    assert len(paths) == len(lengths)
    node_at = {}
    for nodes, signs, length in zip(tree.nodes, tree.signs, lengths, strict=True):
        for place in range(length):
            prefix = tuple(signs[:place].tolist())
            assert node_at.setdefault(prefix, nodes[place]) == nodes[place]
    assert sorted(node_at.values()) == list(range(len(lengths) - 1))
    # After the end stands the root.
    assert (tree.nodes[tree.signs == 0] == len(lengths) - 2).all()
    return lengths


@pytest.mark.parametrize(
    "counts",
    [[1, 1], [5, 2, 1], [1] * 8, [1, 1, 2, 3, 5, 8, 13], list(range(1, 60)), [0, 7, 0, 0, 2, 9]],
    ids=["two", "three", "equal", "fibonacci", "many", "not met"],
)
def test_the_tree_is_a_code_of_least_cost(counts):
    lengths = lengths_of(huffman_tree(np.array(counts)))
    assert int((lengths * counts).sum()) == oracles.huffman_cost(counts)


@pytest.mark.parametrize("longest", [3, 4, 5, 7])
def test_no_code_of_such_a_length_costs_less(longest):
    """Beside every way to choose lengths that a tree can have (Kraft)."""
    counts = np.array([34, 1, 21, 2, 13, 3, 8])
    tree = huffman_tree(counts, longest)
    assert tree.nodes.shape[1] <= longest
    falling = np.sort(counts)[::-1]
    least = min(
        int((falling * lengths).sum())
        for lengths in itertools.combinations_with_replacement(range(1, longest + 1), 7)
        if sum(0.5**length for length in lengths) <= 1
    )
    assert int((lengths_of(tree) * counts).sum()) == least


def test_paths_of_one_length_where_words_are_a_power_of_two(rng):
    tree = huffman_tree(rng.integers(1, 10**6, 64), 6)
    assert (lengths_of(tree) == 6).all()


def test_a_tree_too_low_for_its_words_is_refused():
    with pytest.raises(ValueError, match="longest is 2; 5 words need 3"):
        huffman_tree(np.arange(1, 6), 2)


def test_the_tree_is_a_pytree():
    tree = jax.tree.map(jnp.asarray, huffman_tree(np.array([5, 2, 1])))
    assert isinstance(tree, HuffmanTree)
    assert tree.nodes.dtype == jnp.int32


def turns(nodes, signs):
    return {int(node): int(sign) for node, sign in zip(nodes, signs, strict=True) if sign}


@pytest.mark.parametrize("depth", [0, 1, 3, 20])
def test_shared_nodes_and_the_rest_are_the_paths(rng, depth):
    tree = huffman_tree(rng.zipf(1.3, 100) % 1_000)
    nodes, signs, rest = split_at(tree, depth)
    assert nodes.dtype == tree.nodes.dtype
    assert len(nodes) <= min(2**depth - 1, 99)
    for word in range(100):
        whole = turns(tree.nodes[word], tree.signs[word])
        taken = turns(nodes, signs[word])
        left = turns(rest.nodes[word], rest.signs[word])
        assert taken | left == whole
        assert not taken.keys() & left.keys()
        assert len(taken) == min(depth, len(whole))
