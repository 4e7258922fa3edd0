"""Tables in the order of the words, wherever their rows lie."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxw2v.devices.shards import Shards

ROWS_AT_ONCE = 1_024


def in_word_order(table: jax.Array, shards: Shards) -> jax.Array:
    """Turns a table from storage order into the order of the words, on each device.

    Args:
      table: float32 [R / n, D], this device's part.
      shards: how devices share the tables.

    Returns:
      float32 [R / n, D], the rows of this device's share of the words, zeros past the last word;
      [V, D] where tables are not sharded.
    """
    if not shards.vocab:
        return table[shards.rows_of_all_words]
    size = shards.rows_here
    at_once = min(ROWS_AT_ONCE, size)

    def piece(i, ordered):
        start = jnp.minimum(i * at_once, size - at_once)
        ids = shards.index(shards.vocab) * size + start + jnp.arange(at_once)
        is_word = ids < shards.vocabulary_size
        rows = shards.lookup(table, shards.rows(jnp.where(is_word, ids, 0)))
        rows = jnp.where(is_word[:, None], rows, 0)
        return jax.lax.dynamic_update_slice_in_dim(ordered, rows, start, 0)

    return jax.lax.fori_loop(0, -(-size // at_once), piece, jnp.zeros_like(table))
