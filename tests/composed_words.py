"""Vectors made of those of n-grams."""

import numpy as np

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.subwords import Ngrams, share_rows
from jaxw2v.vectors import SubwordVectors

WORDS = ("banana", "bananas", "naïve", "東京", "a", "cats")
UNSEEN = ["bananarama", "naïvely", "cat", "東京都"]


def composed():
    """Six words with vectors of their own, of their n-grams, and output vectors."""
    shared = share_rows(WORDS, Ngrams(2, 4, 1_000))
    draw = np.random.default_rng(0)
    own, rows = (
        draw.normal(size=(n, 5)).astype(np.float32) for n in (len(WORDS), shared.num_shared)
    )
    vocabulary = Vocabulary.from_counts(list(WORDS), [60, 50, 40, 30, 20, 10])
    subwords = SubwordVectors.of_tables(shared, own, rows)
    return WordVectors(vocabulary, shared.vectors_of(own, rows), own[::-1], subwords)
