"""The noise distribution of negative sampling, drawn exactly by the alias method."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.sampling.indexing import IN_BOUNDS
from jaxw2v.sampling.random_bits import random_integers_and_rests


class NoiseDistribution(NamedTuple):
    """An alias table: column v holds word v with some chance, else word ``alias[v]``.

    Attributes:
      threshold: uint32 [V]; column v gives word v if a draw of 32 random bits is at most this.
      alias: int32 [V], the other word of the column.
    """

    threshold: jax.Array
    alias: jax.Array


def noise_distribution(
    counts: np.ndarray, exponent: float = 0.75, table_size: int | None = None
) -> NoiseDistribution:
    r"""Builds the table of :math:`P(v) \propto \mathrm{count}_v^{\text{exponent}}`.

    All is integer arithmetic on shares of V * 2**32, so a word's chance is off by about
    2**-32 of 1/V. Built in O(V), without a Python loop: deficits of the columns below the mean
    are laid end to end along the excesses of those above, each deficit filled by the column
    on which it begins; a column used up beyond its excess is topped up by the next one.

    Args:
      counts: [V] integer, occurrences.
      exponent: 0.75 in the paper; 0 is uniform, 1 the unigram distribution.
      table_size: draw as from a table with so many entries (:func:`finite_table_counts`); ``None``
        draws in the exact proportions.

    Returns:
      The table.

    Raises:
      ValueError: no word occurs, or ``table_size`` is below 1.

    Reference:
      Mikolov et al. 2013b, section 2.2; Walker 1977, Vose 1991 (alias method).

    Example:
      >>> table = noise_distribution(np.array([3, 1]), exponent=1.0)
      >>> float(noise_probability(table)[0].round(6))
      0.75
    """
    if table_size is not None:
        counts, exponent = finite_table_counts(counts, exponent, table_size), 1.0
    weights = _weights(counts, exponent)
    size = len(weights)
    shares = np.floor(weights / weights.sum() * size * 2.0**32).astype(np.int64)
    shares[: max(size * 2**32 - shares.sum(), 0)] += 1
    shares[np.argmax(shares)] += size * 2**32 - shares.sum()
    deficit = 2**32 - shares
    low, high = np.flatnonzero(deficit > 0), np.flatnonzero(deficit <= 0)
    alias = np.arange(size)
    own = np.full(size, 2**32, np.int64)
    if len(low):
        filled = np.cumsum(deficit[low])
        excess = np.cumsum(-deficit[high])
        begins = filled - deficit[low]
        own[low] = shares[low]
        alias[low] = high[np.searchsorted(excess, begins, side="right")]
        reached = np.searchsorted(begins, excess, side="left")
        overshoot = np.concatenate([[0], filled])[reached] - excess
        short = np.flatnonzero(overshoot > 0)
        own[high[short]] = 2**32 - overshoot[short]
        alias[high[short]] = high[short + 1]
    return NoiseDistribution(
        jnp.asarray(np.clip(own - 1, 0, 2**32 - 1).astype(np.uint32)),
        jnp.asarray(alias.astype(np.int32)),
    )


def noise_probability(noise: NoiseDistribution) -> np.ndarray:
    """The chance of each word under a table, read back from it.

    Args:
      noise: the table.

    Returns:
      float64 [V], summing to 1.

    Example:
      >>> noise_probability(noise_distribution(np.array([1, 1, 1, 1]))).tolist()
      [0.25, 0.25, 0.25, 0.25]
    """
    own = (np.asarray(noise.threshold, np.float64) + 1) / 2.0**32
    alias = np.asarray(noise.alias)
    return (own + np.bincount(alias, 1 - own, len(own))) / len(own)


def finite_table_counts(counts: np.ndarray, exponent: float, length: int) -> np.ndarray:
    r"""Entries of each word in a finite noise table, every word that occurs having at least one.

    .. math:: \max(1, \lfloor \text{length} \cdot \mathrm{count}_v^{\text{exponent}} /
              \textstyle\sum_w \mathrm{count}_w^{\text{exponent}} \rceil)

    A uniform choice from such a table, as :func:`noise_distribution` makes it of ``table_size``,
    draws rare words more often than their counts say.

    Args:
      counts: [V] integer, occurrences.
      exponent: 0.75 in the paper.
      length: entries of the table, about.

    Returns:
      int64 [V], entries.

    Raises:
      ValueError: ``length`` is below 1, or no word occurs.

    Reference:
      Breslow 2022, "Implementing Word2vec in PyTorch from the Ground Up"; word2vec.c,
      ``InitUnigramTable``.

    Example:
      >>> finite_table_counts(np.array([90, 10, 1]), 1.0, 20).tolist()
      [18, 2, 1]
    """
    if length < 1:
        raise ValueError(f"length is {length}; it must be 1 or more")
    weights = _weights(counts, exponent)
    entries = np.maximum(np.rint(weights / weights.sum() * length), 1)
    return np.where(weights > 0, entries, 0).astype(np.int64)


def _weights(counts: np.ndarray, exponent: float) -> np.ndarray:
    counts = np.asarray(counts, np.float64)
    if not np.any(counts > 0):
        raise ValueError(f"counts {counts.shape} hold no word that occurs; give one or more")
    # Words of another text may not occur in this one.
    return np.where(counts > 0, np.maximum(counts, 1) ** exponent, 0)


def sample_noise(
    key: jax.Array,
    noise: NoiseDistribution,
    shape: tuple[int, ...],
    start: jax.Array | int = 0,
) -> jax.Array:
    """Draws negatives.

    Args:
      key: a PRNG key.
      noise: the table.
      shape: the shape of the draws.
      start: the number of the first row or of each, as in
        :func:`~jaxw2v.sampling.random_bits`.

    Returns:
      int32 of the given shape, word ids.

    Reference:
      Mikolov et al. 2013b, section 2.2; Walker 1977 (alias method).

    Example:
      >>> noise = noise_distribution(np.array([5, 0]), exponent=1.0)
      >>> sample_noise(jax.random.key(0), noise, (3,)).tolist()
      [0, 0, 0]
    """
    column, rest = random_integers_and_rests(key, shape, noise.alias.shape[0], start)
    threshold, alias = (array.at[column].get(**IN_BOUNDS) for array in noise)
    return jnp.where(rest <= threshold, column, alias)
