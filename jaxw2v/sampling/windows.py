"""Which tokens of a block are contexts of which centers."""

from __future__ import annotations

from typing import Literal

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


Side = Literal["both", "left", "right"]
# Weights are multiples of one in so many: float32 holds sums of them exactly, in any order.
FRACTIONS = 1 << 16


def positive_mask(
    effective_window: jax.Array | int,
    sentence_ids: jax.Array,
    is_center: jax.Array,
    side: Side = "both",
    require_full_window: bool = False,
) -> jax.Array:
    r"""The pairs of a block.

    .. math:: M_{ji} = [0 < |i - j| \le r_i]\,[s_j = s_i]

    for context j and center i, where s is a token's sentence.

    Args:
      effective_window: int32 [..., L], each token's window r as a center, or one number for all
        (words).
      sentence_ids: int32 [..., L]; tokens of one sentence stand together, and padding has an id
        of its own.
      is_center: bool [..., L]; a token that is no center, padding above all, has no context.
      side: where contexts stand. With ``left``, skip-gram predicts the words before the center,
        and cbow predicts the center from them.
      require_full_window: centers whose window the sentence or the block cuts short have none.

    Returns:
      bool [..., L (context), L (center)].

    Raises:
      ValueError: the shapes differ, or ``side`` is unknown.

    Reference:
      Mikolov et al. 2013a, section 3.2; full windows: Breslow 2022.

    Example:
      >>> sentence_ids = jnp.array([0, 0, 1])
      >>> positive_mask(2, sentence_ids, sentence_ids >= 0).astype(int).tolist()
      [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    if side not in ("both", "left", "right"):
        raise ValueError(f"side is {side!r}; it must be both, left or right")
    shape = sentence_ids.shape
    if jnp.shape(effective_window) not in ((), shape) or is_center.shape != shape:
        raise ValueError(
            f"effective_window {jnp.shape(effective_window)}, sentence_ids {shape} and is_center "
            f"{is_center.shape} must have one shape"
        )
    radius = jnp.asarray(effective_window)
    if radius.ndim:
        radius = radius[..., None, :]
    # No token has this id: one that is no center needs no comparison of its own.
    center_ids = jnp.where(is_center, sentence_ids, np.iinfo(np.int32).min)
    same = sentence_ids[..., :, None] == center_ids[..., None, :]
    mask = same & (_distance(shape, side) <= radius)
    if not require_full_window:
        return mask
    wanted = effective_window * (2 if side == "both" else 1)
    return mask & (mask.sum(-2, dtype=jnp.int32) == wanted)[..., None, :]


def expected_mask(mask: jax.Array, window: int) -> jax.Array:
    r"""How often drawn windows would hold each pair of a block.

    .. math:: E_{ji} = \frac{1}{W} \sum_{r=1}^{W} M_{ji}(r) = M_{ji}(W)\,\frac{W + 1 - |i - j|}{W}

    A sum over pairs with these weights is the expectation of the sum over the pairs that
    :func:`effective_windows` draws, without its noise.

    Args:
      mask: bool [..., L (context), L (center)], :func:`positive_mask` of windows of W everywhere.
      window: W, the largest window (words).

    Returns:
      float32 [..., L (context), L (center)], from 0 to 1, to 1e-5.

    Reference:
      Mikolov et al. 2013a, section 3.2, for the draws.

    Example:
      >>> alone = jnp.zeros(3, jnp.int32)
      >>> expected_mask(positive_mask(2, alone, alone == 0), 2).tolist()
      [[0.0, 1.0, 0.5], [1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]
    """
    distance = _distance(mask.shape[:-1], "both")
    share = np.maximum(window + 1.0 - distance, 0) / window
    weight = (np.round(share * FRACTIONS) / FRACTIONS).astype(np.float32)
    return jnp.where(mask, jnp.broadcast_to(weight, mask.shape), 0)


def _distance(shape: tuple[int, ...], side: Side) -> np.ndarray:
    """From each context to each center, int32 [..., L, L] (words); no window reaches the others."""
    index = np.arange(shape[-1], dtype=np.int32)
    ahead = index[None, :] - index[:, None]
    allowed = {"both": ahead != 0, "left": ahead > 0, "right": ahead < 0}[side]
    distance = np.where(allowed, np.abs(ahead), np.iinfo(np.int32).max)
    return distance.reshape((1,) * (len(shape) - 1) + distance.shape)
