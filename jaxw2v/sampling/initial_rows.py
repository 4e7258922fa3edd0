"""How the rows of an input table begin.

Here and not in :class:`jaxw2v.models.WordEmbeddings`, so that a run does not import Flax: that
would take a tenth of the time of a small corpus.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp


def initial_rows(key: jax.Array, vocabulary_size: int, embedding_dim: int) -> jax.Array:
    r"""Draws the input rows with which training starts, uniform on :math:`(-1/2D, 1/2D)`.

    Output rows start at zero.

    Args:
      key: a PRNG key [].
      vocabulary_size: V, words.
      embedding_dim: D, components.

    Returns:
      float32 [V, D].

    Raises:
      ValueError: ``embedding_dim`` is less than 1.

    Reference:
      word2vec.c, ``InitNet``.

    Example:
      >>> rows = initial_rows(jax.random.key(0), vocabulary_size=7, embedding_dim=5)
      >>> rows.shape, bool(abs(rows).max() <= 0.1)
      ((7, 5), True)
    """
    if embedding_dim < 1:
        raise ValueError(f"embedding_dim is {embedding_dim}; it must be 1 or more")
    bound = 0.5 / embedding_dim
    return jax.random.uniform(key, (vocabulary_size, embedding_dim), jnp.float32, -bound, bound)
