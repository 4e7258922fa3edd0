"""A small text, its words, and what a stream holds of them."""

import re

import numpy as np
import oracles

LINES = [
    "The cat sat on the mat.",
    "",
    "The dog sat, too: the END",
    "unique Zoë",
    "the cat and the dog",
]


TEXT = "\n".join(LINES) + "\n"


def words(line):
    return re.findall(r"[^\W_]+", line.lower())


def sentences_of(stream):
    ids, numbers = stream.read(0, len(stream))
    return [part.tolist() for part in np.split(ids, np.flatnonzero(np.diff(numbers)) + 1)]


def assert_encodes(stream, sentences, min_count):
    vocabulary, counts, encoded = oracles.encode(sentences, min_count)
    assert list(stream.vocabulary.words) == vocabulary
    assert stream.vocabulary.counts.tolist() == counts
    assert sentences_of(stream) == encoded
    assert stream.raw_words == sum(map(len, sentences))
