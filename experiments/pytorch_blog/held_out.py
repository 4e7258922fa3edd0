"""The loss of held-out pairs, the same measure for every arm."""

from __future__ import annotations

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxw2v
from jaxw2v.corpus import TokenStream
from jaxw2v.losses import negative_sampling_loss
from jaxw2v.sampling import noise_distribution, sample_noise
from jaxw2v.training import make_job

Sampling = Literal["blog", "default"]
PAIRS_AT_ONCE = 1_000


class HeldOut(NamedTuple):
    """Pairs of text that no arm has seen, with negatives.

    Attributes:
      centers: int32 [n].
      contexts: int32 [n].
      negatives: int32 [n, K].
    """

    centers: np.ndarray
    contexts: np.ndarray
    negatives: np.ndarray


def blog_pairs(ids: np.ndarray, window: int, keep: np.ndarray, rng) -> np.ndarray:
    """The blog's pairs of a line: whole windows only, then centers dropped, then contexts.

    Args:
      ids: int [n], the words of a line.
      window: words on either side.
      keep: float [V], the chance of keeping each word.
      rng: numpy's generator.

    Returns:
      int [pairs, 2], centers and contexts.
    """
    places = np.arange(window, len(ids) - window)
    places = places[rng.random(len(places)) < keep[ids[places]]]
    offsets = np.concatenate([np.arange(-window, 0), np.arange(1, window + 1)])
    contexts = ids[places[:, None] + offsets]
    is_kept = rng.random(contexts.shape) < keep[contexts]
    centers = np.broadcast_to(ids[places][:, None], contexts.shape)
    return np.stack([centers[is_kept], contexts[is_kept]], axis=1)


def default_pairs(ids: np.ndarray, window: int, keep: np.ndarray, rng) -> np.ndarray:
    """word2vec.c's pairs of a line: words dropped, then windows of 1 to the largest.

    Args:
      ids: int [n], the words of a line.
      window: the largest distance (words).
      keep: float [V], the chance of keeping each word.
      rng: numpy's generator.

    Returns:
      int [pairs, 2], centers and contexts.
    """
    ids = ids[rng.random(len(ids)) < keep[ids]]
    radius = rng.integers(1, window + 1, len(ids))
    distance = np.abs(np.arange(len(ids))[:, None] - np.arange(len(ids)))
    center, context = np.nonzero((distance > 0) & (distance <= radius[:, None]))
    return np.stack([ids[center], ids[context]], axis=1)


def lines_of(stream: TokenStream) -> list[np.ndarray]:
    """The lines of a stream.

    Args:
      stream: the stream.

    Returns:
      int32 [words] for each.
    """
    ids, lines = stream.read(0, len(stream))
    return np.split(ids, np.flatnonzero(np.diff(lines)) + 1)


def draw_held_out(
    stream: TokenStream, config: jaxw2v.Config, sampling: Sampling, limit: int
) -> HeldOut:
    """Draws pairs and their negatives once, for all arms and epochs.

    Args:
      stream: text that no arm sees.
      config: window, negatives, percentile, threshold and noise exponent.
      sampling: how pairs are formed.
      limit: about so many pairs at most.

    Returns:
      The pairs.
    """
    rng, counts = np.random.default_rng(0), stream.vocabulary.counts
    keep = make_job(config, counts).keep
    form = blog_pairs if sampling == "blog" else default_pairs
    pairs = np.concatenate([form(line, config.window, keep, rng) for line in lines_of(stream)])
    pairs = rng.permutation(pairs)[:limit].astype(np.int32)
    noise = noise_distribution(counts, config.noise_exponent)
    shape = (len(pairs), config.num_negatives)
    negatives = np.asarray(sample_noise(jax.random.key(0), noise, shape))
    return HeldOut(pairs[:, 0], pairs[:, 1], negatives)


@jax.jit
def _losses(inputs, outputs, centers, contexts, negatives):
    return negative_sampling_loss(inputs[centers], outputs[contexts], outputs[negatives]).sum()


def pair_loss(inputs: np.ndarray, outputs: np.ndarray, held_out: HeldOut) -> float:
    """The mean loss of a pair with negatives of its own.

    Args:
      inputs: float32 [V, D], the input embedding.
      outputs: float32 [V, D], the output embedding.
      held_out: the pairs.

    Returns:
      Nats.
    """
    tables = jnp.asarray(inputs), jnp.asarray(outputs)
    total = 0.0
    for start in range(0, len(held_out.centers), PAIRS_AT_ONCE):
        part = [array[start : start + PAIRS_AT_ONCE] for array in held_out]
        total += float(_losses(*tables, *part))
    return total / len(held_out.centers)
