"""Which tokens of a block are contexts of which centers."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp


def effective_windows(key: jax.Array, shape: tuple[int, ...], window: int) -> jax.Array:
    """Draws each center's window, uniform on 1..window, so that near words count more.

    Args:
      key: a PRNG key.
      shape: the shape of the draws.
      window: W, the largest window (words).

    Returns:
      int32 of the given shape (words).

    Reference:
      Mikolov et al. 2013a, "Efficient Estimation of Word Representations", section 3.2.

    Example:
      >>> effective_windows(jax.random.key(0), (4,), 1).tolist()
      [1, 1, 1, 1]
    """
    return jax.random.randint(key, shape, 1, window + 1, jnp.int32)


class ContextBounds(NamedTuple):
    """The contexts of a center: the positions from ``first`` to ``last``, its own left out.

    Attributes:
      first: int32 [..., L], positions in the block.
      last: int32 [..., L].
    """

    first: jax.Array
    last: jax.Array


def context_bounds(
    effective_window: jax.Array, sentence_ids: jax.Array, valid: jax.Array
) -> ContextBounds:
    r"""The contexts of each token of a block as a range of positions.

    .. math:: \text{first}_i = \max(i - r_i, \text{start of } i\text{'s sentence}), \quad
                ext{last}_i = \min(i + r_i, \text{end of } i\text{'s sentence})

    Args:
      effective_window: int32 [..., L], each token's window r as a center (words).
      sentence_ids: int32 [..., L]; tokens of one sentence stand together.
      valid: bool [..., L], false for padding, which stands in no sentence of a valid token. It
        is its own only context, that is, it has none.

    Returns:
      The bounds.

    Example:
      >>> one = jnp.array([1, 1, 1])
      >>> bounds = context_bounds(one, jnp.array([0, 0, 7]), one > 0)
      >>> bounds.first.tolist(), bounds.last.tolist()
      ([0, 0, 2], [1, 1, 2])
    """
    length, axis = sentence_ids.shape[-1], sentence_ids.ndim - 1
    place = jnp.broadcast_to(jnp.arange(length, dtype=jnp.int32), sentence_ids.shape)
    changes = sentence_ids[..., 1:] != sentence_ids[..., :-1]
    edge = jnp.ones_like(sentence_ids[..., :1], dtype=bool)
    starts = jnp.concatenate([edge, changes], axis)
    ends = jnp.concatenate([changes, edge], axis)
    start = jax.lax.cummax(jnp.where(starts, place, 0), axis)
    end = jax.lax.cummin(jnp.where(ends, place, length), axis, reverse=True)
    return ContextBounds(
        jnp.where(valid, jnp.maximum(start, place - effective_window), place),
        jnp.where(valid, jnp.minimum(end, place + effective_window), place),
    )


def positive_mask(bounds: ContextBounds) -> jax.Array:
    r"""The pairs of a block.

        .. math:: M_{ji} = [\text{first}_i \le j \le \text{last}_i]\,[j
    e i]

        for context j and center i.

        Args:
          bounds: int32 [..., L], from :func:`context_bounds`.

        Returns:
          bool [..., L (context), L (center)].

        Example:
          >>> bounds = ContextBounds(jnp.array([0, 0, 2]), jnp.array([1, 1, 2]))
          >>> positive_mask(bounds).astype(int).tolist()
          [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    shape = (*bounds.first.shape, bounds.first.shape[-1])
    context = jax.lax.broadcasted_iota(jnp.int32, shape, len(shape) - 2)
    center = jax.lax.broadcasted_iota(jnp.int32, shape, len(shape) - 1)
    first, last = bounds.first[..., None, :], bounds.last[..., None, :]
    return (first <= context) & (context <= last) & (context != center)
