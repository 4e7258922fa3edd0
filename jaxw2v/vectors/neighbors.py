"""Nearest rows by cosine, jitted, for many queries at once."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

# Scores of one batch of queries hold at most this many numbers.
SCORES_AT_ONCE = 1 << 26


@jax.jit
def unit_rows(vectors: jax.Array) -> jax.Array:
    """Scales rows to length one; zero rows stay zero.

    Args:
      vectors: float [V, D].

    Returns:
      float [V, D].

    Example:
      >>> unit_rows(jnp.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
      [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    length = jnp.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / jnp.where(length > 0, length, 1)


@functools.partial(jax.jit, static_argnames="topn")
def nearest(
    units: jax.Array, queries: jax.Array, exclude: jax.Array, topn: int
) -> tuple[jax.Array, jax.Array]:
    r"""The rows with the largest cosine to each query (3CosAdd, when the query is a sum).

    .. math:: \arg\max_v \; \hat q \cdot \hat w_v

    Args:
      units: float [V, D], rows of length one.
      queries: float [Q, D], of any length.
      exclude: int32 [Q, E], rows never returned; V or more excludes nothing.
      topn: how many.

    Returns:
      float [Q, topn], cosines, falling.
      int32 [Q, topn], rows.

    Example:
      >>> units = jnp.eye(3)
      >>> _, rows = nearest(units, jnp.array([[1.0, 0.5, 0.0]]), jnp.array([[0]]), 1)
      >>> rows.tolist()
      [[1]]
    """
    scores = jnp.matmul(unit_rows(queries), units.T, precision=jax.lax.Precision.HIGHEST)
    return _top(scores, exclude, topn)


@functools.partial(jax.jit, static_argnames="topn")
def nearest_by_product(
    units: jax.Array, a: jax.Array, b: jax.Array, c: jax.Array, exclude: jax.Array, topn: int
) -> tuple[jax.Array, jax.Array]:
    r"""3CosMul: answers "a is to b as c is to ?" by a quotient of similarities.

    .. math:: \arg\max_v \frac{s(v, b)\, s(v, c)}{s(v, a) + 10^{-6}}, \quad s = (\cos + 1) / 2

    Args:
      units: float [V, D], rows of length one.
      a: float [Q, D].
      b: float [Q, D].
      c: float [Q, D].
      exclude: int32 [Q, E], rows never returned.
      topn: how many.

    Returns:
      float [Q, topn], quotients, falling.
      int32 [Q, topn], rows.

    Reference:
      Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word
      Representations" (who add 10^-3; gensim adds 10^-6, as here).

    Example:
      >>> units = jnp.eye(3)
      >>> _, rows = nearest_by_product(
      ...     units, units[:1], units[1:2], units[2:], jnp.array([[0, 1]]), 1
      ... )
      >>> rows.tolist()
      [[2]]
    """

    def similarity(queries):
        product = jnp.matmul(unit_rows(queries), units.T, precision=jax.lax.Precision.HIGHEST)
        return (product + 1) / 2

    return _top(similarity(b) * similarity(c) / (similarity(a) + 1e-6), exclude, topn)


def _top(scores: jax.Array, exclude: jax.Array, topn: int) -> tuple[jax.Array, jax.Array]:
    place = jnp.arange(scores.shape[0])[:, None]
    return jax.lax.top_k(scores.at[place, exclude].set(-jnp.inf, mode="drop"), topn)
