"""Which words show what is learned, where the user has named none."""

from __future__ import annotations

import itertools

import numpy as np

from jaxw2v.corpus import Vocabulary

LARGEST_SHARE = 4e-4
"""Of the corpus; words above it are those of grammar, whose neighbors say little."""
FEWEST_LETTERS = 5
PROBES, LOOKED_AT = 3, 10_000


def choose_probes(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The most frequent words that are neither short nor of grammar.

    Args:
      vocabulary: the words, the most frequent first.

    Returns:
      Three words; fewer where there are no more among the most frequent.

    Example:
      >>> choose_probes(Vocabulary(("the", "often", "cat", "music"), [9_990, 5, 3, 2]))
      ('music',)
    """
    largest = LARGEST_SHARE * np.sum(vocabulary.counts)
    pairs = zip(vocabulary.words[:LOOKED_AT], vocabulary.counts[:LOOKED_AT], strict=True)
    found = (
        word
        for word, count in pairs
        if count < largest and len(word) >= FEWEST_LETTERS and word.isalpha()
    )
    return tuple(itertools.islice(found, PROBES))
