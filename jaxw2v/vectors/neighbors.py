"""Nearest rows by cosine, jitted, for many queries at once and in little memory."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxw2v.devices.row_sharding import Rows, RowSharding, local_rows, on_shards, row_sharding

# On a GPU XLA tries some hundred kernels of its own for a product: 11 s before the first answer.
QUICK_TO_COMPILE = {"xla_gpu_enable_triton_gemm": False}
# Rows of the table whose scores are held at once, for so many queries.
ROWS_AT_ONCE, QUERIES_AT_ONCE = 1 << 14, 1 << 10
# Rows whose largest score is looked at first.
GROUP = 32


class Queries(NamedTuple):
    """What is asked of a table: for each query, some vectors with weights.

    Attributes:
      vectors: float [Q, P, D], of length one for 3CosMul; zeros where a query has fewer.
      weights: float [Q, P]: above 0 for what an answer is to be like, below for what it is not.
      exclude: int32 [Q, E], rows that are never returned; R or more excludes nothing.
    """

    vectors: jax.Array
    weights: Rows
    exclude: Rows


@jax.jit
def unit_rows(vectors: jax.Array) -> jax.Array:
    """Scales rows to length one; zero rows stay zero.

    Args:
      vectors: float [..., D].

    Returns:
      float [..., D].

    Example:
      >>> unit_rows(jnp.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
      [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    return vectors * inverse_lengths(vectors)[..., None]


@jax.jit
def inverse_lengths(vectors: jax.Array) -> jax.Array:
    """One over the length of each row; 0 for rows of zeros.

    Args:
      vectors: float [..., D].

    Returns:
      float [...].

    Example:
      >>> inverse_lengths(jnp.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
      [0.20000000298023224, 0.0]
    """
    length = jnp.linalg.norm(vectors, axis=-1)
    return jnp.where(length > 0, 1 / jnp.where(length > 0, length, 1), 0)


def nearest(
    table: jax.Array,
    inverse: jax.Array,
    queries: Queries,
    topn: int,
    size: int | None = None,
    by_product: bool = False,
) -> tuple[jax.Array, jax.Array]:
    r"""The rows most like what each query asks for, in blocks of rows, so that scores stay few.

    3CosAdd, the cosine to the weighted sum of a query's vectors, or 3CosMul:

    .. math:: \arg\max_v \; \cos\Big(w_v, \sum_p \lambda_p \hat q_p\Big)
        \qquad
        \arg\max_v \frac{\prod_{\lambda_p > 0} s(v, p)}{\prod_{\lambda_p < 0} s(v, p) + 10^{-6}},
        \quad s = (\cos + 1) / 2

    Args:
      table: float [R, D]; may be cut by rows over devices, which then exchange their best rows
        only.
      inverse: float [R], of :func:`inverse_lengths`, sharded in the same way.
      queries: Q of them.
      topn: how many rows to return, R at most.
      size: only this many first rows answer; ``None`` is all.
      by_product: 3CosMul instead of 3CosAdd.

    Returns:
      float [Q, topn], cosines or quotients, falling; -inf where there is no further row.
      int32 [Q, topn], rows.

    Reference:
      Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word
      Representations" (who add 10^-3 in 3CosMul; gensim adds 10^-6, as here).

    Example:
      >>> table = jnp.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
      >>> asked = Queries(jnp.array([[[1.0, 0.0]]]), jnp.ones((1, 1)), jnp.array([[0]]))
      >>> scores, rows = nearest(table, inverse_lengths(table), asked, 1)
      >>> rows.tolist(), round(float(scores[0, 0]), 4)
      ([[2]], 0.7071)
    """
    size = table.shape[0] if size is None else size
    cut = row_sharding(table)
    if cut is None:
        return _nearest(table, inverse, queries, topn, size, by_product)
    return _nearest_of_all(table, inverse, queries, topn, size, by_product, cut)


@functools.partial(
    jax.jit,
    static_argnames=("topn", "size", "by_product", "cut"),
    compiler_options=QUICK_TO_COMPILE,
)
def _nearest_of_all(table, inverse, queries, topn, size, by_product, cut: RowSharding):
    def best_of_all(table, inverse, queries):
        first = jax.lax.axis_index(cut.axes) * table.shape[0]
        exclude = local_rows(queries.exclude, table.shape[0], cut.axes)
        few = min(topn, table.shape[0])
        here = queries._replace(exclude=exclude)
        best, rows = _best_here(table, inverse, here, few, size - first, by_product, cut.axes)
        best, rows = (
            jax.lax.all_gather(found, cut.axes, axis=1, tiled=True, to="invarying")
            for found in (best, rows + first)
        )
        return _take_top(best, rows, topn)

    return on_shards(best_of_all, cut, (True, True, False))(table, inverse, queries)


def _best_here(table, inverse, queries, topn, size, by_product, axes=()):
    rows, (count, excluded) = table.shape[0], queries.exclude.shape
    at_once, few = min(ROWS_AT_ONCE, rows), min(topn + excluded, rows)
    score = _quotients if by_product else _cosines
    asked = queries.vectors if by_product else _sums(queries)

    def block(i, best):
        start = jnp.minimum(i * at_once, rows - at_once)
        part = jax.lax.dynamic_slice_in_dim(table, start, at_once)
        lengths = jax.lax.dynamic_slice_in_dim(inverse, start, at_once)
        scores = score(asked, queries.weights, part, lengths)
        # The last block begins early, where others have been.
        row = start + jnp.arange(at_once)
        scores = jnp.where(((row >= i * at_once) & (row < size))[None], scores, -jnp.inf)
        found, order = _top_of_block(scores, min(few, at_once))
        found = jnp.concatenate([best[0], found], axis=1)
        order = jnp.concatenate([best[1], order + start], axis=1)
        return _take_top(found, order, few)

    best = jnp.full((count, few), -jnp.inf), jnp.zeros((count, few), jnp.int32)
    if axes:
        best = jax.lax.pcast(best, axes, to="varying")
    blocks = -(-jnp.clip(size, 0, rows) // at_once)
    scores, found = jax.lax.fori_loop(0, blocks, block, best)
    is_excluded = (found[:, :, None] == queries.exclude[:, None, :]).any(-1)
    return _take_top(jnp.where(is_excluded, -jnp.inf, scores), found, topn)


_nearest = jax.jit(
    _best_here,
    static_argnames=("topn", "size", "by_product"),
    compiler_options=QUICK_TO_COMPILE,
)


def _top_of_block(scores, few):
    """``top_k``, which is slow on long rows: the best lie in the groups with the best maxima."""
    count, size = scores.shape
    if size % GROUP or few * GROUP >= size:
        return jax.lax.top_k(scores, few)
    groups = scores.reshape(count, size // GROUP, GROUP)
    _, chosen = jax.lax.top_k(groups.max(-1), few)
    scores = jnp.take_along_axis(groups, chosen[:, :, None], axis=1).reshape(count, -1)
    rows = (chosen[:, :, None] * GROUP + jnp.arange(GROUP)[None, None]).reshape(count, -1)
    return _take_top(scores, rows, few)


def _take_top(scores, rows, topn):
    scores, places = jax.lax.top_k(scores, topn)
    return scores, jnp.take_along_axis(rows, places, axis=1)


def _sums(queries: Queries) -> jax.Array:
    return unit_rows((queries.vectors * queries.weights[..., None]).sum(1))


def _cosines(asked, weights, part, lengths):
    del weights
    return jnp.matmul(asked, part.T, precision=jax.lax.Precision.HIGHEST) * lengths[None]


def _quotients(asked, weights, part, lengths):
    flat = _cosines(asked.reshape(-1, asked.shape[-1]), None, part, lengths)
    scores = (flat.reshape(*asked.shape[:2], -1) + 1) / 2
    weights = weights[..., None]
    like, unlike = (jnp.where(chosen, scores, 1).prod(1) for chosen in (weights > 0, weights < 0))
    return like / (unlike + 1e-6)


def cosines(table: jax.Array, inverse: jax.Array, vectors: Rows) -> jax.Array:
    """The cosine of some vectors to every row.

    Args:
      table: float [R, D]; may be cut by rows over devices.
      inverse: float [R], of :func:`inverse_lengths`, sharded in the same way.
      vectors: float [n, D].

    Returns:
      float [n, R], on every device.

    Example:
      >>> table = jnp.array([[2.0, 0.0], [0.0, 3.0]])
      >>> cosines(table, inverse_lengths(table), jnp.array([[0.0, 5.0]])).tolist()
      [[0.0, 1.0]]
    """
    return _cosines_everywhere(table, inverse, vectors, row_sharding(table))


@functools.partial(jax.jit, static_argnames="cut", compiler_options=QUICK_TO_COMPILE)
def _cosines_everywhere(table, inverse, vectors, cut: RowSharding | None):
    def here(table, inverse, vectors):
        return _cosines(unit_rows(vectors), None, table, inverse)

    if cut is None:
        return here(table, inverse, vectors)

    def everywhere(*parts):
        return jax.lax.all_gather(here(*parts), cut.axes, axis=1, tiled=True, to="invarying")

    return on_shards(everywhere, cut, (True, True, False))(table, inverse, vectors)
