"""Random dropping of frequent words."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.errors import InputError


def keep_probability(
    counts: np.ndarray,
    threshold: float,
    formula: Literal["word2vec_c", "paper"] = "word2vec_c",
) -> np.ndarray:
    r"""The chance that an occurrence of each word is kept.

    With f the word's share of the corpus and t the threshold,

    .. math:: \min(1, \sqrt{t/f} + t/f) \text{ (word2vec.c)}, \quad
              \min(1, \sqrt{t/f}) \text{ (paper)}.

    Args:
      counts: [V] integer, occurrences.
      threshold: t, a share of the corpus; 0 keeps everything.
      formula: ``word2vec_c`` or ``paper``.

    Returns:
      float64 [V], a probability.

    Raises:
      InputError: the formula is unknown.

    Reference:
      Mikolov et al. 2013b, "Distributed Representations of Words and Phrases", section 2.3;
      word2vec.c, the variable ``ran``.

    Example:
      >>> keep_probability(np.array([900, 100]), 0.1).round(3).tolist()
      [0.444, 1.0]
    """
    if formula not in ("word2vec_c", "paper"):
        raise InputError(f"subsample formula {formula!r} is unknown: word2vec_c or paper")
    counts = np.asarray(counts, np.float64)
    if threshold == 0:
        return np.ones_like(counts)
    ratio = threshold * counts.sum() / np.maximum(counts, 1)
    kept = np.sqrt(ratio) + (ratio if formula == "word2vec_c" else 0)
    return np.minimum(kept, 1.0)


def keep_threshold(probability: np.ndarray) -> np.ndarray:
    """Probabilities as integers, for an exact comparison with random bits.

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


def subsample(key: jax.Array, ids: jax.Array, threshold: jax.Array) -> jax.Array:
    """Draws which tokens are kept, before windows are formed (word2vec.c's order).

    Args:
      key: a PRNG key.
      ids: int32 [n], token ids; negative ids are padding and never kept.
      threshold: uint32 [V], from :func:`keep_threshold`.

    Returns:
      bool [n], true where the token is kept.

    Example:
      >>> always = jnp.full(2, 2**32 - 1, jnp.uint32)
      >>> kept = subsample(jax.random.key(0), jnp.array([0, 1, -1]), always)
      >>> kept.tolist()
      [True, True, False]
    """
    bits = jax.random.bits(key, ids.shape, jnp.uint32)
    return (ids >= 0) & (bits <= threshold[jnp.maximum(ids, 0)])
