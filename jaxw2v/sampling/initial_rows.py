"""How the rows of an input table begin.

Here and not in :class:`jaxw2v.models.WordEmbeddings`, so that a run does not import Flax: that
would take a tenth of the time of a small corpus.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.extend.random import threefry2x32_p

from jaxw2v.sampling.random_bits import key_words, product_of_words

COLUMNS_AT_ONCE = 16
"""Columns drawn at once: on a CPU the bits of a component take three times the memory of it."""


def initial_rows(key: jax.Array, vocabulary_size: int, embedding_dim: int) -> jax.Array:
    r"""Draws the input rows with which training starts, uniform on :math:`(-1/2D, 1/2D)`.

    Output rows start at zero. The numbers are those of ``jax.random.uniform`` with a Threefry key,
    as it is by default (partitionable), in little more memory than they take; shard them by rows if
    at all.

    Args:
      key: a PRNG key [].
      vocabulary_size: V, words.
      embedding_dim: D, components.

    Returns:
      float32 [V, D].

    Raises:
      ValueError: ``embedding_dim`` is less than 1, or ``key`` is not one key.

    Reference:
      word2vec.c, ``InitNet``.

    Example:
      >>> rows = initial_rows(jax.random.key(0), vocabulary_size=7, embedding_dim=5)
      >>> rows.shape, bool(abs(rows).max() <= 0.1)
      ((7, 5), True)
    """
    if embedding_dim < 1:
        raise ValueError(f"embedding_dim is {embedding_dim}; it must be 1 or more")
    bound = 0.5 / int(embedding_dim)
    width = min(COLUMNS_AT_ONCE, embedding_dim)
    rows = jax.lax.iota(jnp.uint32, vocabulary_size)

    def draw_columns(i, table):
        first = jnp.minimum(i * width, embedding_dim - width)
        columns = first.astype(jnp.uint32) + jax.lax.iota(jnp.uint32, width)
        bits = bits_at(key, rows, columns, embedding_dim)
        from_one_to_two = jax.lax.bitcast_convert_type(bits >> 9 | 0x3F800000, jnp.float32)
        drawn = jnp.maximum((from_one_to_two - 1) * (bound + bound) - bound, -bound)
        return jax.lax.dynamic_update_slice_in_dim(table, drawn, first, 1)

    empty = jnp.zeros((vocabulary_size, embedding_dim), jnp.float32)
    return jax.lax.fori_loop(0, -(-embedding_dim // width), draw_columns, empty)


def bits_at(key: jax.Array, rows: jax.Array, columns: jax.Array, width: int) -> jax.Array:
    """The bits that ``jax.random.bits`` draws at some places of an array.

    Args:
      key: a Threefry key [].
      rows: uint32 [n], of the array.
      columns: uint32 [m], of the array.
      width: columns of the array.

    Returns:
      uint32 [n, m].

    Example:
      >>> key, some = jax.random.key(0), jnp.arange(2, dtype=jnp.uint32)
      >>> bool((bits_at(key, some, some, 5) == jax.random.bits(key, (3, 5))[:2, :2]).all())
      True
    """
    upper, lower = product_of_words(rows[:, None], width)
    place = lower + columns[None]
    carried = upper + (place < lower).astype(jnp.uint32)
    high, low = threefry2x32_p.bind(*key_words(key), carried, place)
    return high ^ low
