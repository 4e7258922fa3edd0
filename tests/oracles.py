"""Slow, obviously right versions of what the package computes."""

import heapq
from collections import Counter

import jax.numpy as jnp
import numpy as np


def encode(sentences, min_count):
    """Words by falling count then by word; ids of each sentence, rare words left out."""
    counts = Counter(word for sentence in sentences for word in sentence)
    kept = sorted((w for w in counts if counts[w] >= min_count), key=lambda w: (-counts[w], w))
    ids = {word: i for i, word in enumerate(kept)}
    encoded = [[ids[w] for w in sentence if w in ids] for sentence in sentences]
    return kept, [counts[w] for w in kept], [s for s in encoded if s]


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def pair_loss(center, context, negatives):
    """Equation 4 of Mikolov et al. 2013b for one pair, in float64."""
    center, context = np.float64(center), np.float64(context)
    loss = -log_sigmoid(center @ context)
    for negative in negatives:
        loss -= log_sigmoid(-(center @ np.float64(negative)))
    return loss


def pairs_of_block(windows, sentence_ids, valid):
    """Every (center, context) place of a block, by the definition."""
    length = len(windows)
    return [
        (i, j)
        for i in range(length)
        for j in range(length)
        if i != j
        and abs(i - j) <= windows[i]
        and sentence_ids[i] == sentence_ids[j]
        and valid[i]
        and valid[j]
    ]


def block_loss(centers, contexts, negatives, pairs, num_negatives):
    """Sum over the pairs; every negative of the block counts K/N times for each pair."""
    total = 0.0
    for i, j in pairs:
        positive = pair_loss(centers[i], contexts[j], [])
        noise = pair_loss(centers[i], contexts[j], negatives) - positive
        total += positive + num_negatives / len(negatives) * noise
    return total


class RowAdam:
    """Adam that moves, and decays the moments of, only the rows with a gradient."""

    def __init__(self, table, rate, b1, b2=0.999, eps=1e-8):
        self.table = np.float64(table)
        self.mu, self.nu = np.zeros_like(self.table), np.zeros_like(self.table)
        self.rate, self.b1, self.b2, self.eps, self.count = rate, b1, b2, eps, 0

    def step(self, ids, gradients):
        self.count += 1
        total = {}
        for i, gradient in zip(ids, np.float64(gradients), strict=True):
            total[int(i)] = total.get(int(i), 0) + gradient
        for i, g in total.items():
            self.mu[i] = self.b1 * self.mu[i] + (1 - self.b1) * g
            self.nu[i] = self.b2 * self.nu[i] + (1 - self.b2) * g * g
            mean = self.mu[i] / (1 - self.b1**self.count)
            square = self.nu[i] / (1 - self.b2**self.count)
            self.table[i] -= self.rate * mean / (np.sqrt(square) + self.eps)


class RowRms:
    """A row's gradient by its root mean square over all steps, those that miss the row as zeros."""

    def __init__(self, table, rate, longest):
        self.table, self.rate, self.longest = np.float64(table), rate, longest
        self.history = []

    def step(self, ids, gradients):
        dense = np.zeros_like(self.table)
        np.add.at(dense, np.asarray(ids), np.float64(gradients))
        self.history.append(dense)
        for row in set(np.asarray(ids).tolist()):
            mean_square = np.mean([past[row] ** 2 for past in self.history])
            update = dense[row] / np.sqrt(mean_square)
            update *= min(1, self.longest / np.sqrt(np.mean(update**2)))
            self.table[row] -= self.rate * update


def threefry(key, high, low):
    """Threefry-2x32 with 20 rounds (Salmon et al. 2011), on Python integers."""
    word = 2**32
    parts = [*key, key[0] ^ key[1] ^ 0x1BD11BDA]
    x, y = (high + parts[0]) % word, (low + parts[1]) % word
    for group in range(5):
        for turn in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x = (x + y) % word
            y = ((y << turn) | (y >> (32 - turn))) % word ^ x
        x = (x + parts[(group + 1) % 3]) % word
        y = (y + parts[(group + 2) % 3] + group + 1) % word
    return x, y


def contexts_of(i, radius, sentence_ids, side, full):
    """Places of the contexts of the token at place i."""
    wanted = [i + o for o in range(-radius, radius + 1) if o]
    wanted = [j for j in wanted if side == "both" or (j < i) == (side == "left")]
    inside = [
        j for j in wanted if 0 <= j < len(sentence_ids) and sentence_ids[j] == sentence_ids[i]
    ]
    return [] if full and inside != wanted else inside


def softmax_loss(hidden, table, target):
    scores = np.float64(table) @ np.float64(hidden)
    largest = scores.max()
    return largest + np.log(np.exp(scores - largest).sum()) - scores[target]


def huffman_cost(counts):
    """The least possible sum of count times code length."""
    heap = [int(count) for count in counts]
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        cost += joined
        heapq.heappush(heap, joined)
    return cost


def storage_row(word, size):
    """The row of a word, by the definition: the lowest eight bits in reverse, then the rest."""
    in_class = -(-size // 256)
    return int(f"{word % 256:08b}"[::-1], 2) * in_class + word // 256


def stored(table):
    """A table [V, D] with its rows where training keeps them, ones in rows that no word owns."""
    size = len(table)
    whole = np.ones((-(-size // 256) * 256, *table.shape[1:]), np.float32)
    for word in range(size):
        whole[storage_row(word, size)] = table[word]
    return jnp.asarray(whole)


def by_word(table, size):
    """The rows of a stored table [R, D] in the order of the words, [V, D]."""
    table = np.asarray(table)
    return np.stack([table[storage_row(word, size)] for word in range(size)])
