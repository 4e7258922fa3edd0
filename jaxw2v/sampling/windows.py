"""Which tokens of a block are contexts of which centers."""

from __future__ import annotations

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxw2v.sampling.random_bits import random_integers


def effective_windows(
    key: jax.Array,
    shape: tuple[int, ...],
    window: int,
    sampling: Literal["dynamic", "fixed"] = "dynamic",
    start: jax.Array | int = 0,
) -> jax.Array:
    r"""Draws each center's window, so that near words count more.

    .. math:: r_i \sim \text{uniform on } 1, \dots, W

    Args:
      key: a PRNG key.
      shape: the shape of the draws.
      window: W, the largest window (words).
      sampling: ``dynamic`` draws, ``fixed`` is always W.
      start: the number of the first row or of each, as in
        :func:`~jaxw2v.sampling.random_bits`.

    Returns:
      int32 of the given shape (words).

    Raises:
      ValueError: ``window`` is below 1, or ``sampling`` unknown.

    Reference:
      Mikolov et al. 2013a, "Efficient Estimation of Word Representations", section 3.2.

    Example:
      >>> effective_windows(jax.random.key(0), (4,), 1).tolist()
      [1, 1, 1, 1]
    """
    if window < 1:
        raise ValueError(f"window is {window}; it must be 1 or more")
    if sampling == "fixed":
        return jnp.full(shape, window, jnp.int32)
    if sampling != "dynamic":
        raise ValueError(f"sampling is {sampling!r}; it must be dynamic or fixed")
    return 1 + random_integers(key, shape, window, start)


# Weights are multiples of one in so many: float32 holds sums of them exactly, in any order.
FRACTIONS = 1 << 16


Side = Literal["both", "left", "right"]


class ContextBounds(NamedTuple):
    """The contexts of a center: the positions from ``first`` to ``last``, its own left out.

    Attributes:
      first: int32 [..., L], positions in the block.
      last: int32 [..., L].
    """

    first: jax.Array
    last: jax.Array


def context_bounds(
    effective_window: jax.Array,
    sentence_ids: jax.Array,
    is_center: jax.Array,
    side: Side = "both",
    require_full_window: bool = False,
) -> ContextBounds:
    r"""The contexts of each token of a block as a range of positions.

    .. math:: \text{first}_i = \max(i - r_i, \text{start of } i\text{'s sentence}), \quad
              \text{last}_i = \min(i + r_i, \text{end of } i\text{'s sentence})

    Args:
      effective_window: int32 [..., L], each token's window r as a center (words).
      sentence_ids: int32 [..., L]; tokens of one sentence stand together, and padding has an id
        of its own.
      is_center: bool [..., L]; a token that is no center, padding above all, has no context.
      side: where contexts stand. With ``left``, skip-gram predicts the words before the center,
        and cbow predicts the center from them.
      require_full_window: centers whose window the sentence or the block cuts short have none.

    Returns:
      The bounds.

    Raises:
      ValueError: the shapes differ, or ``side`` is unknown.

    Reference:
      Mikolov et al. 2013a, section 3.2; full windows: Breslow 2022.

    Example:
      >>> one = jnp.array([1, 1, 1])
      >>> bounds = context_bounds(one, jnp.array([0, 0, 7]), one > 0)
      >>> bounds.first.tolist(), bounds.last.tolist()
      ([0, 0, 2], [1, 1, 2])
    """
    if side not in ("both", "left", "right"):
        raise ValueError(f"side is {side!r}; it must be both, left or right")
    if not effective_window.shape == sentence_ids.shape == is_center.shape:
        raise ValueError(
            f"effective_window {effective_window.shape}, sentence_ids {sentence_ids.shape} and "
            f"is_center {is_center.shape} must have one shape"
        )
    spans = sentence_spans(sentence_ids)
    return bounds_within(spans, effective_window, is_center, side, require_full_window)


def sentence_spans(sentence_ids: jax.Array) -> ContextBounds:
    """Where the sentence of each token of a block begins and ends in the block.

    Args:
      sentence_ids: int32 [..., L]; tokens of one sentence stand together.

    Returns:
      Its first and last positions.

    Example:
      >>> first, last = sentence_spans(jnp.array([7, 7, 9]))
      >>> first.tolist(), last.tolist()
      ([0, 0, 2], [1, 1, 2])
    """
    length, axis = sentence_ids.shape[-1], sentence_ids.ndim - 1
    index = jnp.broadcast_to(jnp.arange(length, dtype=jnp.int32), sentence_ids.shape)
    changes = sentence_ids[..., 1:] != sentence_ids[..., :-1]
    edge = jnp.ones_like(sentence_ids[..., :1], dtype=bool)
    starts = jnp.concatenate([edge, changes], axis)
    ends = jnp.concatenate([changes, edge], axis)
    return ContextBounds(
        jax.lax.cummax(jnp.where(starts, index, 0), axis),
        jax.lax.cummin(jnp.where(ends, index, length), axis, reverse=True),
    )


def bounds_within(
    spans: ContextBounds,
    effective_window: jax.Array | int,
    is_center: jax.Array,
    side: Side,
    require_full_window: bool,
) -> ContextBounds:
    """:func:`context_bounds`, where it is known which sentence stands where.

    Args:
      spans: int32 [..., L] each, from :func:`sentence_spans`.
      effective_window: int32 [..., L], or one number for all tokens (words).
      is_center: bool [..., L].
      side: see :func:`context_bounds`.
      require_full_window: see :func:`context_bounds`.

    Returns:
      The bounds.
    """
    index = jnp.broadcast_to(jnp.arange(is_center.shape[-1], dtype=jnp.int32), is_center.shape)
    wanted_first = index - effective_window if side != "right" else index
    wanted_last = index + effective_window if side != "left" else index
    first, last = jnp.maximum(spans.first, wanted_first), jnp.minimum(spans.last, wanted_last)
    if require_full_window:
        is_center = is_center & (first == wanted_first) & (last == wanted_last)
    return ContextBounds(jnp.where(is_center, first, index), jnp.where(is_center, last, index))


def positive_mask(bounds: ContextBounds) -> jax.Array:
    r"""The pairs of a block.

    .. math:: M_{ji} = [\text{first}_i \le j \le \text{last}_i]\,[j \ne i]

    for context j and center i.

    Args:
      bounds: int32 [..., L], from :func:`context_bounds`.

    Returns:
      bool [..., L (context), L (center)].

    Raises:
      ValueError: ``first`` and ``last`` differ in shape.

    Reference:
      Mikolov et al. 2013a, section 3.2.

    Example:
      >>> bounds = ContextBounds(jnp.array([0, 0, 2]), jnp.array([1, 1, 2]))
      >>> positive_mask(bounds).astype(int).tolist()
      [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    first, last = bounds
    if first.shape != last.shape:
        raise ValueError(f"first {first.shape} and last {last.shape} must have one shape")
    shape = (*first.shape, first.shape[-1])
    context = jax.lax.broadcasted_iota(jnp.int32, shape, len(shape) - 2)
    center = jax.lax.broadcasted_iota(jnp.int32, shape, len(shape) - 1)
    inside = (first[..., None, :] <= context) & (context <= last[..., None, :])
    return inside & (context != center)


def expected_mask(bounds: ContextBounds, window: int) -> jax.Array:
    r"""How often drawn windows would hold each pair of a block.

    .. math:: E_{ji} = \frac{1}{W} \sum_{r=1}^{W} M_{ji}(r) = M_{ji}(W)\,\frac{W + 1 - |i - j|}{W}

    A sum over pairs with these weights is the expectation of the sum over the pairs that
    :func:`effective_windows` draws, without its noise.

    Args:
      bounds: int32 [..., L], from :func:`context_bounds` with windows of W everywhere.
      window: W, the largest window (words).

    Returns:
      float32 [..., L (context), L (center)], from 0 to 1, to 1e-5.

    Raises:
      ValueError: the window is below 1.

    Reference:
      Mikolov et al. 2013a, section 3.2, for the draws.

    Example:
      >>> sentence = jnp.zeros(3, jnp.int32)
      >>> bounds = context_bounds(jnp.full(3, 2), sentence, sentence == 0)
      >>> expected_mask(bounds, 2).tolist()
      [[0.0, 1.0, 0.5], [1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]
    """
    if window < 1:
        raise ValueError(f"window is {window}; it must be 1 or more")
    mask = positive_mask(bounds)
    index = np.arange(mask.shape[-1])
    share = (window + 1 - np.abs(index[:, None] - index)) / window
    weight = (np.round(share * FRACTIONS) / FRACTIONS).astype(np.float32)
    return jnp.where(mask, jnp.broadcast_to(weight, mask.shape), 0)
