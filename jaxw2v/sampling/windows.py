"""Which tokens of a block are contexts of which centers."""

from __future__ import annotations

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


def positive_mask(
    effective_window: jax.Array, sentence_ids: jax.Array, valid: jax.Array
) -> jax.Array:
    r"""The pairs of a block.

    .. math:: M_{ji} = [0 < |i - j| \le r_i]\,[s_i = s_j]\,[v_i v_j]

    for context j and center i, with windows r, sentences s and validity v.

    Args:
      effective_window: int32 [..., L], each token's window as a center (words).
      sentence_ids: int32 [..., L]; pairs do not cross sentences.
      valid: bool [..., L], false for padding.

    Returns:
      bool [..., L (context), L (center)].

    Example:
      >>> one = jnp.array([1, 1, 1])
      >>> positive_mask(one, jnp.array([0, 0, 7]), one > 0).astype(int).tolist()
      [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    shape = (*effective_window.shape, effective_window.shape[-1])
    context = jax.lax.broadcasted_iota(jnp.int32, shape, len(shape) - 2)
    center = jax.lax.broadcasted_iota(jnp.int32, shape, len(shape) - 1)
    distance = jnp.abs(center - context)
    near = (distance > 0) & (distance <= effective_window[..., None, :])
    together = sentence_ids[..., :, None] == sentence_ids[..., None, :]
    return near & together & valid[..., :, None] & valid[..., None, :]
