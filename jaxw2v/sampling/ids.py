"""A check of word ids, made only where it is asked for."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.experimental import checkify


def check_ids(ids: jax.Array, vocabulary_size: int) -> jax.Array:
    """Marks ids outside the vocabulary as an error, for ``checkify``; otherwise does nothing.

    Under ``jit`` an id cannot raise: JAX's gather takes V - 1 for ids of V or more, and a
    scatter drops them. To find them, put the ids through this function and wrap yours in
    ``jax.experimental.checkify.checkify``; without that wrapper a jitted function drops
    the check.

    Args:
      ids: integer [...], word ids; -1 is padding.
      vocabulary_size: V.

    Returns:
      The ids.

    Example:
      >>> lookup = lambda ids: jnp.arange(3.0)[check_ids(ids, 3)]
      >>> error, _ = checkify.checkify(jax.jit(lookup))(jnp.array([1, 7]))
      >>> error.get().split(" (")[0]
      'ids reach from 1 to 7; the vocabulary has 3 words'
    """
    # -1 and V may not be numbers of the ids' own type.
    wide = ids if ids.dtype.itemsize > 4 else ids.astype(jnp.int32)
    low, high = jnp.min(wide, initial=vocabulary_size), jnp.max(wide, initial=-1)
    checkify.debug_check(
        (low >= -1) & (high < vocabulary_size),
        f"ids reach from {{low}} to {{high}}; the vocabulary has {vocabulary_size} words",
        low=low,
        high=high,
    )
    return ids
