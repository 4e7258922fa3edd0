"""The Huffman tree of a vocabulary: frequent words have short paths."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np


class HuffmanTree(NamedTuple):
    """Each word's path from the root.

    Attributes:
      nodes: int32 [V, P], inner nodes from the root on, 0 to V - 2; the root after the end.
      signs: int8 [V, P], 1 where the path goes left, -1 where it goes right, 0 after the end.
    """

    nodes: np.ndarray | jax.Array
    signs: np.ndarray | jax.Array


def huffman_tree(counts: np.ndarray, longest: int | None = None) -> HuffmanTree:
    r"""Builds the tree that makes :math:`\sum_v \mathrm{count}_v \cdot \mathrm{length}_v` least.

    On the host, in O(P V log V): words and packages of two of what was there before are sorted, P
    times; how often a word is among the first 2 V - 2 is the length of its path. Paths of one
    length follow one another from left to right, shorter ones first.

    Args:
      counts: [V] integer, occurrences; V is at least 2.
      longest: the least of the trees without a longer path (nodes); ``None`` is any length.

    Returns:
      The paths, padded to the longest, P. The ids of nodes grow towards the root.

    Raises:
      ValueError: there are fewer than two words, or more than paths of this length can tell apart.

    Reference:
      Huffman 1952; Larmore and Hirschberg 1990 (package-merge); Mikolov et al. 2013b, section 2.1.

    Example:
      >>> tree = huffman_tree(np.array([5, 2, 1]))
      >>> tree.nodes.tolist(), tree.signs.tolist()
      ([[1, 1], [1, 0], [1, 0]], [[1, 0], [-1, 1], [-1, -1]])
      >>> huffman_tree(np.array([8, 4, 2, 1]), longest=2).nodes.shape
      (4, 2)
    """
    size = len(counts)
    if size < 2:
        raise ValueError(f"counts has {size} words; a tree needs 2 or more")
    if longest is not None and size > 2**longest:
        raise ValueError(f"longest is {longest}; {size} words need {(size - 1).bit_length()}")
    weights = np.asarray(counts, np.int64)
    words = np.argsort(-weights, kind="stable")
    return _paths(words, _path_lengths(weights[words], size if longest is None else longest))


def _path_lengths(falling: np.ndarray, longest: int) -> np.ndarray:
    """Of words in falling order of their counts."""
    weights = falling[::-1]
    size, packages = len(weights), weights[:0]
    levels: list[np.ndarray] = []
    while len(levels) < longest:
        items = np.concatenate([weights, packages])
        order = np.argsort(items, kind="stable")[: 2 * size - 2]
        levels.append(order < size)
        before, packages = packages, items[order[: order.size // 2 * 2]].reshape(-1, 2).sum(1)
        if np.array_equal(before, packages):
            break
    lengths, taken = np.zeros(size, np.int64), 2 * size - 2
    for is_word in reversed(levels):
        words = int(is_word[:taken].sum())
        lengths[:words] += 1
        taken = 2 * (taken - words)
    return lengths[::-1]


def _paths(words: np.ndarray, lengths: np.ndarray) -> HuffmanTree:
    """From the lengths of the words' paths, which rise."""
    size, depth = len(words), int(lengths[-1])
    ends = np.bincount(lengths)
    inner = np.ones(depth + 1, np.int64)
    for level in range(1, depth + 1):
        inner[level] = 2 * inner[level - 1] - ends[level]
    first_node = size - 1 - np.cumsum(inner)
    nodes = np.full((size, depth), size - 2, np.int32)
    signs = np.zeros((size, depth), np.int8)
    # Among all places of a level, those where paths end come first.
    place = np.arange(size) - np.searchsorted(lengths, lengths)
    for level in reversed(range(depth)):
        longer = np.searchsorted(lengths, level, side="right")
        parent, is_right = np.divmod(place[longer:], 2)
        nodes[words[longer:], level] = first_node[level] + parent
        signs[words[longer:], level] = 1 - 2 * is_right
        place[longer:] = ends[level] + parent
    return HuffmanTree(nodes, signs)


def split_at(tree: HuffmanTree, depth: int) -> tuple[np.ndarray, np.ndarray, HuffmanTree]:
    """Takes the nodes nearest the root, which many paths share, out of the paths.

    Args:
      tree: from :func:`huffman_tree`.
      depth: levels of the tree to take; a deeper one than the tree's is the whole.

    Returns:
      int32 [T], these nodes, T at most ``2**depth - 1``.
      int8 [V, T], how each word's path goes on at each of them: 1, -1, or 0 where it does not pass.
      The rest of the paths.

    Example:
      >>> nodes, signs, rest = split_at(huffman_tree(np.array([5, 2, 1])), 1)
      >>> nodes.tolist(), signs.tolist(), rest.nodes.tolist()
      ([1], [[1], [-1], [-1]], [[1], [0], [0]])
    """
    passed = tree.signs[:, :depth] != 0
    words, levels = np.nonzero(passed)
    nodes, places = np.unique(tree.nodes[words, levels], return_inverse=True)
    signs = np.zeros((len(tree.nodes), nodes.size), np.int8)
    signs[words, places] = tree.signs[words, levels]
    return nodes, signs, HuffmanTree(tree.nodes[:, depth:], tree.signs[:, depth:])
