"""A corpus without text: words drawn independently from Zipf's law."""

from __future__ import annotations

import numpy as np

from jaxw2v.corpus import TokenStream, Vocabulary
from jaxw2v.training import zipf_weights

SENTENCE = 25
"""Words in a sentence."""


def synthetic_stream(tokens: int, vocabulary: int, seed: int = 0) -> TokenStream:
    """Tokens drawn from Zipf's law, in sentences of equal length.

    Args:
      tokens: how many (words).
      vocabulary: V, distinct words (words).
      seed: of the draws.

    Returns:
      The stream; words that were never drawn count once.
    """
    weights = zipf_weights(vocabulary)
    edges = np.cumsum(weights) / weights.sum()
    draws = np.random.default_rng(seed).random(tokens, np.float32)
    ids = np.searchsorted(edges[:-1], draws).astype(np.int32)
    counts = np.maximum(np.bincount(ids, minlength=vocabulary), 1)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(vocabulary, np.int32)
    rank[order] = np.arange(vocabulary, dtype=np.int32)
    words = tuple(f"w{i}" for i in range(vocabulary))
    ends = np.append(np.arange(SENTENCE, tokens, SENTENCE), tokens)
    return TokenStream.from_arrays(rank[ids], ends, Vocabulary(words, counts[order]), tokens)
