"""What a step must move and compute at least, and what this machine can move and compute."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np

import jaxw2v
from jaxw2v.training import make_job


def count_step(config: jaxw2v.Config, counts: np.ndarray, tokens_per_step: int) -> dict:
    """Bytes that a step must move and operations that it must do.

    Every row is gathered once a use, its gradient added once a use, and each distinct row moved
    once with its moment; products are those of the block form.

    Args:
      config: the settings.
      counts: int [V], occurrences.
      tokens_per_step: T (words).

    Returns:
      ``bytes`` and ``flops`` of one step, and the ``distinct_rows`` that it moves.
    """
    row = 4 * config.embedding_dim
    per_token = negatives_per_token(config, counts)
    uses = tokens_per_step, tokens_per_step * (1 + per_token)
    distinct = sum(chance.sum() for chance in chance_of_touching(config, counts, tokens_per_step))
    moved = sum(uses) * row * (1 + 2) + distinct * row * (1 + 2)
    width = config.block_length * (1 + per_token)
    return {
        "bytes": moved,
        "flops": 3 * 2 * tokens_per_step * width * config.embedding_dim,
        "distinct_rows": distinct,
    }


def negatives_per_token(config: jaxw2v.Config, counts: np.ndarray) -> float:
    """How many negatives a run draws for each token of a block.

    Args:
      config: the settings, of shared negatives.
      counts: int [V], occurrences.

    Returns:
      N / L.
    """
    negatives = make_job(config, counts).config.negatives_per_block
    assert negatives is not None
    return negatives / config.block_length


def shares_drawn(config: jaxw2v.Config, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each word is a kept token, and how often a negative.

    Args:
      config: the settings.
      counts: int [V], occurrences.

    Returns:
      Two float64 [V], each summing to 1.
    """
    kept = counts * make_job(config, counts).keep
    noise = counts**config.noise_exponent
    return kept / kept.sum(), noise / noise.sum()


def chance_of_touching(
    config: jaxw2v.Config, counts: np.ndarray, tokens_per_step: int
) -> tuple[np.ndarray, np.ndarray]:
    """The chance that a step touches each row of the input table, and of the output table.

    Args:
      config: the settings.
      counts: int [V], occurrences.
      tokens_per_step: T (words).

    Returns:
      Two float64 [V].
    """
    kept, noise = shares_drawn(config, counts)
    negatives = tokens_per_step * negatives_per_token(config, counts)
    absent = (1 - kept) ** tokens_per_step
    return 1 - absent, 1 - absent * (1 - noise) ** negatives


def measured_ceilings(size: int, copied_bytes: int) -> dict:
    """Bytes a second of an addition and operations a second of one large product.

    Args:
      size: rows of the square matrices of the product.
      copied_bytes: size of the array of the addition, too large for any cache.

    Returns:
      ``bytes_per_second`` and ``flops_per_second``, the best of five.
    """
    matrix, array = jnp.ones((size, size), jnp.float32), jnp.ones(copied_bytes // 4, jnp.float32)
    add = jax.jit(lambda a: a + 1)
    product = jax.jit(lambda a: jnp.dot(a, a, precision=jax.lax.Precision.HIGHEST))
    return {
        "bytes_per_second": 2 * array.nbytes / _fastest(add, array),
        "flops_per_second": 2 * size**3 / _fastest(product, matrix),
    }


def _fastest(function, argument) -> float:
    jax.block_until_ready(function(argument))
    times = []
    for _ in range(5):
        started = time.perf_counter()
        jax.block_until_ready(function(argument))
        times.append(time.perf_counter() - started)
    return min(times)
