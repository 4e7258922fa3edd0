"""Nearest rows by cosine, jitted, for many queries at once."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxw2v.vectors.cut_rows import RowCut, on_parts, places_here, row_cut

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


def nearest(
    units: jax.Array,
    queries: jax.Array,
    exclude: jax.Array,
    topn: int,
    size: int | None = None,
) -> tuple[jax.Array, jax.Array]:
    r"""The rows with the largest cosine to each query (3CosAdd, when the query is a sum).

    .. math:: \arg\max_v \; \hat q \cdot \hat w_v

    Args:
      units: float [R, D], rows of length one; may be cut by rows over devices, which then
        exchange their best rows only.
      queries: float [Q, D], of any length.
      exclude: int32 [Q, E], rows never returned; R or more excludes nothing.
      topn: how many.
      size: only this many first rows answer; ``None`` is all.

    Returns:
      float [Q, topn], cosines, falling.
      int32 [Q, topn], rows.

    Example:
      >>> units = jnp.eye(3)
      >>> _, rows = nearest(units, jnp.array([[1.0, 0.5, 0.0]]), jnp.array([[0]]), 1)
      >>> rows.tolist()
      [[1]]
    """
    return _search(_cosines, units, (queries,), exclude, topn, size)


def nearest_by_product(
    units: jax.Array,
    a: jax.Array,
    b: jax.Array,
    c: jax.Array,
    exclude: jax.Array,
    topn: int,
    size: int | None = None,
) -> tuple[jax.Array, jax.Array]:
    r"""3CosMul: answers "a is to b as c is to ?" by a quotient of similarities.

    .. math:: \arg\max_v \frac{s(v, b)\, s(v, c)}{s(v, a) + 10^{-6}}, \quad s = (\cos + 1) / 2

    Args:
      units: float [R, D], rows of length one; may be cut by rows over devices.
      a: float [Q, D].
      b: float [Q, D].
      c: float [Q, D].
      exclude: int32 [Q, E], rows never returned.
      topn: how many.
      size: only this many first rows answer; ``None`` is all.

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
    return _search(_quotients, units, (a, b, c), exclude, topn, size)


def _cosines(units: jax.Array, queries: jax.Array) -> jax.Array:
    return jnp.matmul(unit_rows(queries), units.T, precision=jax.lax.Precision.HIGHEST)


def _quotients(units: jax.Array, a: jax.Array, b: jax.Array, c: jax.Array) -> jax.Array:
    of_a, of_b, of_c = ((_cosines(units, queries) + 1) / 2 for queries in (a, b, c))
    return of_b * of_c / (of_a + 1e-6)


def _search(score, units, queries, exclude, topn, size):
    size = units.shape[0] if size is None else size
    return _best(units, queries, exclude, score, topn, size, row_cut(units))


@functools.partial(jax.jit, static_argnames=("score", "topn", "size", "cut"))
def _best(
    units: jax.Array,
    queries: tuple[jax.Array, ...],
    exclude: jax.Array,
    score: Callable[..., jax.Array],
    topn: int,
    size: int,
    cut: RowCut | None,
) -> tuple[jax.Array, jax.Array]:
    place = jnp.arange(exclude.shape[0])[:, None]
    if cut is None:
        scores = score(units[:size], *queries)
        return jax.lax.top_k(scores.at[place, exclude].set(-jnp.inf, mode="drop"), topn)

    def best_of_all(part, queries, exclude):
        first = jax.lax.axis_index(cut.axes) * part.shape[0]
        here = places_here(exclude, part.shape[0], cut.axes)
        scores = score(part, *queries).at[place, here].set(-jnp.inf, mode="drop")
        scores = jnp.where(first + jnp.arange(part.shape[0]) < size, scores, -jnp.inf)
        best, rows = jax.lax.top_k(scores, min(topn, part.shape[0]))
        best, rows = (
            jax.lax.all_gather(found, cut.axes, axis=1, tiled=True, to="invarying")
            for found in (best, rows + first)
        )
        best, order = jax.lax.top_k(best, topn)
        return best, jnp.take_along_axis(rows, order, axis=1)

    return on_parts(best_of_all, cut, 2)(units, queries, exclude)
