"""Random bits that depend on a key and on a row's number, not on how many rows are drawn."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.extend.random import threefry2x32_p


def random_bits(
    key: jax.Array, shape: tuple[int, ...], start: jax.Array | int = 0
) -> tuple[jax.Array, jax.Array]:
    r"""Draws rows ``start``, ``start + 1``, ... of an endless sequence that the key stands for.

    .. math:: (w^0, w^1)_{r, p} = \text{threefry}_{key}(start + r, p)

    for column p of row r. However a stream is divided into chunks, or rows are dealt to devices, a
    row's draws are the same.

    Args:
      key: a PRNG key.
      shape: [rows, ...]; ``()`` is one row of one column.
      start: integer [], the number of the first row, from 0 to 2**32 - 1; or integer [rows], the
        number of each.

    Raises:
      ValueError: ``key`` is not one key (use ``jax.vmap`` over keys), or ``start`` does not number
        the rows.

    Returns:
      Two uint32 arrays of the shape, 64 random bits for each element.

    Reference:
      Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".

    Example:
      >>> whole, _ = random_bits(jax.random.key(0), (4, 2))
      >>> rest, _ = random_bits(jax.random.key(0), (2, 2), start=2)
      >>> bool((whole[2:] == rest).all())
      True
      >>> some, _ = random_bits(jax.random.key(0), (2, 2), start=jnp.array([3, 0]))
      >>> bool((whole[jnp.array([3, 0])] == some).all())
      True
    """
    words_of_key = key_words(key)
    rows, columns = shape[:1], shape[1:]
    row = jnp.asarray(start, jnp.uint32)
    if row.ndim == 0:
        row = row + jax.lax.iota(jnp.uint32, math.prod(rows))
    if row.shape != (math.prod(rows),):
        raise ValueError(f"start {row.shape} must be [] or number the rows of {shape}")
    column = jax.lax.iota(jnp.uint32, math.prod(columns))
    # Under shard_map, both counters must vary over the devices if one does.
    counters = jnp.broadcast_arrays(row[:, None], column[None, :] + (row & 0)[:, None])
    words = threefry2x32_p.bind(*words_of_key, *counters)
    return words[0].reshape(shape), words[1].reshape(shape)


def key_words(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The two words of a Threefry key.

    Args:
      key: a PRNG key; of one of another kind the first word and the last.

    Returns:
      Two uint32 [].

    Raises:
      ValueError: ``key`` is not one key.

    Example:
      >>> [int(word) for word in key_words(jax.random.key(7))]
      [0, 7]
    """
    data = jax.random.key_data(key)
    if data.ndim != 1:
        raise ValueError(f"key must be one key, not an array {key.shape}; vmap over keys")
    return data[0], data[-1]


def random_integers(
    key: jax.Array, shape: tuple[int, ...], bound: int, start: jax.Array | int = 0
) -> jax.Array:
    r"""Draws integers uniformly from 0 to ``bound`` - 1.

    .. math:: \lfloor w \cdot \text{bound} / 2^{64} \rfloor

    with 64 random bits w, so that a value's chance is off by less than 2**-64.

    Args:
      key: a PRNG key.
      shape: [rows, ...].
      bound: the bound, from 1 to 2**31.
      start: the number of the first row or of each, as in :func:`random_bits`.

    Returns:
      int32 of the shape.

    Raises:
      ValueError: ``bound`` is out of range.

    Reference:
      Lemire 2019, "Fast Random Integer Generation in an Interval".

    Example:
      >>> random_integers(jax.random.key(0), (3,), 1).tolist()
      [0, 0, 0]
    """
    return random_integers_and_rests(key, shape, bound, start)[0]


def random_integers_and_rests(
    key: jax.Array, shape: tuple[int, ...], bound: int, start: jax.Array | int = 0
) -> tuple[jax.Array, jax.Array]:
    r"""Draws integers as :func:`random_integers` does, and with each what was cut off.

    .. math:: r = \lfloor (w \cdot \text{bound} \bmod 2^{64}) / 2^{32} \rfloor

    Given the integer, the chance of :math:`r \le t` is :math:`(t + 1) / 2^{32}`, off by less than
    bound / 2**64: a second draw for nothing.

    Args:
      key: a PRNG key.
      shape: [rows, ...].
      bound: the bound, from 1 to 2**31.
      start: the number of the first row or of each, as in :func:`random_bits`.

    Returns:
      int32 of the shape, and uint32 of the shape.

    Raises:
      ValueError: ``bound`` is out of range.

    Example:
      >>> integers, rests = random_integers_and_rests(jax.random.key(0), (3,), 1)
      >>> bool((rests == random_bits(jax.random.key(0), (3,))[0]).all())
      True
    """
    if not 1 <= bound <= 2**31:
        raise ValueError(f"bound is {bound}; it must be from 1 to 2**31")
    high, low = random_bits(key, shape, start)
    whole, upper = product_of_words(high, bound)
    rest = upper + product_of_words(low, bound)[0]
    return (whole + (rest < upper).astype(jnp.uint32)).astype(jnp.int32), rest


def product_of_words(words: jax.Array, factor: int) -> tuple[jax.Array, jax.Array]:
    r"""The upper and lower 32 bits of a product, without 64-bit integers.

    .. math:: \lfloor w f / 2^{32} \rfloor, \quad w f \bmod 2^{32}

    Args:
      words: w, uint32 [...].
      factor: f, from 0 to 2**32 - 1.

    Returns:
      Two uint32 [...].

    Example:
      >>> [part.tolist() for part in product_of_words(jnp.uint32([2**31, 3]), 6)]
      [[3, 0], [0, 18]]
    """
    mask = jnp.uint32(0xFFFF)
    a, b = words >> 16, words & mask
    c, d = jnp.uint32(factor >> 16), jnp.uint32(factor & 0xFFFF)
    middle = a * d + (b * d >> 16)
    cross = b * c + (middle & mask)
    return a * c + (middle >> 16) + (cross >> 16), words * jnp.uint32(factor)
