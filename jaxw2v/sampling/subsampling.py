"""Random dropping of frequent words."""

from __future__ import annotations

from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.errors import InputError
from jaxw2v.sampling.random_bits import random_bits

Formula = Literal["word2vec_c", "paper", "percentile", "none"]


def keep_probability(
    counts: np.ndarray, threshold: float, formula: Formula = "word2vec_c"
) -> np.ndarray:
    r"""The chance that an occurrence of each word is kept.

    With f the word's share of the corpus and t the threshold,

    .. math:: \min(1, \sqrt{t/f} + t/f) \text{ (word2vec.c)}, \quad
              \min(1, \sqrt{t/f}) \text{ (paper)}, \quad
              \sqrt{t/(f + t)} \text{ (percentile, of a PyTorch blog)}.

    Args:
      counts: [V] integer, occurrences.
      threshold: t, a share of the corpus, for ``percentile`` from :func:`percentile_threshold`;
        0 keeps everything.
      formula: ``word2vec_c``, ``paper``, ``percentile``, or ``none``, which keeps everything.

    Returns:
      float64 [V], a probability.

    Raises:
      InputError: the formula is unknown, or the threshold negative.

    Reference:
      Mikolov et al. 2013b, "Distributed Representations of Words and Phrases", section 2.3;
      word2vec.c, the variable ``ran``; Breslow 2022, "Implementing Word2vec in PyTorch".

    Example:
      >>> keep_probability(np.array([900, 100]), 0.1).round(3).tolist()
      [0.444, 1.0]
    """
    if formula not in get_args(Formula):
        raise InputError(
            f"subsample formula {formula!r} is unknown; give one of {', '.join(get_args(Formula))}"
        )
    if threshold < 0:
        raise InputError(f"threshold is {threshold}; give a share of the corpus, from 0 on")
    counts = np.asarray(counts, np.float64)
    if threshold == 0 or formula == "none":
        return np.ones_like(counts)
    ratio = threshold * counts.sum() / np.maximum(counts, 1)
    if formula == "percentile":
        return np.sqrt(ratio / (1 + ratio))
    kept = np.sqrt(ratio) + (ratio if formula == "word2vec_c" else 0)
    return np.minimum(kept, 1.0)


def percentile_threshold(counts: np.ndarray, percentile: float) -> float:
    r"""The share of the corpus below which so many percent of the words lie.

    .. math:: t = \mathrm{percentile}_T(\{\mathrm{count}_v\}) / \textstyle\sum_v \mathrm{count}_v

    Args:
      counts: [V] integer, occurrences.
      percentile: T, from 0 to 100 (percent of the words).

    Returns:
      t, a share of the corpus.

    Raises:
      InputError: no word occurs.

    Reference:
      Breslow 2022, "Implementing Word2vec in PyTorch from the Ground Up".

    Example:
      >>> percentile_threshold(np.array([60, 30, 10]), 50)
      0.3
    """
    if not np.any(np.asarray(counts) > 0):
        raise InputError("percentile subsampling needs the counts of at least one word")
    # Words of another text that do not occur in this one say nothing of it.
    occurring = np.asarray(counts)[np.asarray(counts) > 0]
    return float(np.percentile(occurring, percentile) / np.sum(counts))


def keep_threshold(probability: np.ndarray) -> np.ndarray:
    r"""Probabilities as integers, for an exact comparison with random bits.

    .. math:: \lfloor 2^{32} p_v \rceil - 1

    Args:
      probability: [V] floating, from 0 to 1.

    Returns:
      uint32 [V]: a draw of 32 random bits that is at most this value keeps the token.

    Example:
      >>> keep_threshold(np.array([1.0, 0.5])).tolist()
      [4294967295, 2147483647]
    """
    scaled = np.round(np.asarray(probability, np.float64) * 2.0**32) - 1
    return np.clip(scaled, 0, 2**32 - 1).astype(np.uint32)


def subsample(
    key: jax.Array, ids: jax.Array, threshold: jax.Array, start: jax.Array | int = 0
) -> jax.Array:
    """Draws which tokens are kept, before windows are formed (word2vec.c's order).

    Args:
      key: a PRNG key.
      ids: int32 [n], token ids; negative ids are padding and never kept.
      threshold: uint32 [V], from :func:`keep_threshold`. Ids of V or more count as V - 1;
        :func:`~jaxw2v.sampling.check_ids` finds them.
      start: int32 [], the index of the first token in the stream, as in
        :func:`~jaxw2v.sampling.random_bits`.

    Returns:
      bool [n], true where the token is kept.

    Raises:
      ValueError: ``ids`` does not have exactly one axis.

    Reference:
      Mikolov et al. 2013b, section 2.3.

    Example:
      >>> always = jnp.full(2, 2**32 - 1, jnp.uint32)
      >>> kept = subsample(jax.random.key(0), jnp.array([0, 1, -1]), always)
      >>> kept.tolist()
      [True, True, False]
    """
    if ids.ndim != 1:
        raise ValueError(f"ids {ids.shape} must have one axis")
    bits, _ = random_bits(key, ids.shape, start)
    return (ids >= 0) & (bits <= threshold[jnp.maximum(ids, 0)])


def subsample_pairs(key: jax.Array, ids: jax.Array, threshold: jax.Array) -> jax.Array:
    """Draws which pairs of a block are kept, after windows are formed (the PyTorch blog's order).

    A center is kept or not with all its pairs; then each of its contexts is, by a draw of its
    own. Words that are dropped still take up room in the windows of others.

    Args:
      key: a PRNG key.
      ids: int32 [L], token ids; negative ids are padding and never kept.
      threshold: uint32 [V], from :func:`keep_threshold`.

    Returns:
      bool [L (context), L (center)].

    Raises:
      ValueError: ``ids`` does not have exactly one axis; use ``jax.vmap`` over keys and blocks.

    Reference:
      Breslow 2022, "Implementing Word2vec in PyTorch from the Ground Up".

    Example:
      >>> always = jnp.full(2, 2**32 - 1, jnp.uint32)
      >>> subsample_pairs(jax.random.key(0), jnp.array([0, -1]), always).tolist()
      [[True, False], [False, False]]
    """
    center_key, context_key = jax.random.split(key)
    center = subsample(center_key, ids, threshold)
    bits, _ = random_bits(context_key, (ids.size, ids.size))
    limit = threshold[jnp.maximum(ids, 0)]
    return (ids >= 0)[:, None] & (bits <= limit[:, None]) & center[None, :]
