"""How devices share tables and blocks: every communication of a step stands here.

Written for one device against the names of mesh axes. Without names, all is the identity, so that
one step serves ``jax.jit``, ``jax.pmap`` and ``jax.shard_map``. What travels is ids and rows of a
batch; whole sums for a table only where devices exchange sums and every row is in them.
"""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import jax
import jax.numpy as jnp

from jaxw2v.devices.row_sharding import local_rows
from jaxw2v.devices.storage_order import num_rows, storage_row

Names = tuple[str, ...]
Tree = TypeVar("Tree")


@dataclasses.dataclass(frozen=True)
class Shards:
    """Which mesh axes share out blocks and tables.

    Devices along ``data`` and ``vocab`` take different blocks; those along ``vocab`` hold different
    rows of the tables, those along ``data`` the same. Devices along ``dim`` take the same blocks
    and hold different columns of the rows: they exchange scores only, whatever the dimension.

    Attributes:
      vocabulary_size: V, words.
      data: names of the axes along which tables are replicated.
      vocab: names of the axes along which the rows of tables are sharded.
      dim: names of the axes along which their columns are.
      exchange_sums: along ``data``, devices add up the gradients of their own blocks and exchange
        the sums; otherwise they exchange the gradients of each block, and all add them up in one
        order, so that on a CPU the result does not depend on the number of devices (exact softmax,
        whose whole gradient is summed, and the products of cbow agree to rounding).
      in_order: a GPU adds rows in an order that is the same in every run, which takes longer.

    Example:
      >>> alone = Shards(vocabulary_size=3)
      >>> alone.lookup(jnp.arange(256.0)[:, None], alone.rows(jnp.array([0, 1, 2])))[:, 0].tolist()
      [0.0, 128.0, 64.0]
    """

    vocabulary_size: int
    data: Names = ()
    vocab: Names = ()
    dim: Names = ()
    exchange_sums: bool = False
    in_order: bool = False

    @property
    def block_axes(self) -> Names:
        """The axes along which blocks are shared out."""
        return self.data + self.vocab

    @property
    def all_axes(self) -> Names:
        """All axes."""
        return self.block_axes + self.dim

    @property
    def whole(self) -> Shards:
        """The same devices with arrays whose rows every one of them has."""
        return dataclasses.replace(self, data=self.block_axes, vocab=())

    @property
    def joined(self) -> Names:
        """The axes along which the gradients of blocks are exchanged one by one."""
        return self.vocab if self.exchange_sums else self.block_axes

    @property
    def summed(self) -> Names:
        """The axes along which sums of gradients are exchanged."""
        return self.data if self.exchange_sums else ()

    def count(self, axes: Names) -> int:
        """Devices along some axes."""
        return jax.lax.axis_size(axes) if axes else 1

    def index(self, axes: Names) -> jax.Array | int:
        """This device's index along some axes."""
        return jax.lax.axis_index(axes) if axes else 0

    def share(self, blocks: int) -> int:
        """Blocks of so many that one device takes; the last devices may have padding."""
        return -(-blocks // self.count(self.block_axes))

    def rows(self, ids: jax.Array) -> jax.Array:
        """The rows of words in the whole table."""
        return storage_row(ids, self.vocabulary_size)

    @property
    def rows_of_all_words(self) -> jax.Array:
        """int32 [V], the rows of all words in the whole table."""
        return self.rows(jnp.arange(self.vocabulary_size, dtype=jnp.int32))

    def own(self, rows: jax.Array) -> jax.Array:
        """The indices of rows in this device's shard of a table.

        Args:
          rows: int32, rows of the whole table.

        Returns:
          int32 of that shape; the number of rows here where another device holds the row.
        """
        return local_rows(rows, self.rows_here, self.vocab) if self.vocab else rows

    @property
    def rows_here(self) -> int:
        """Rows of a table on one device."""
        return num_rows(self.vocabulary_size) // self.count(self.vocab)

    def lookup(self, table: jax.Array, rows: jax.Array) -> jax.Array:
        """Reads rows wherever they lie.

        The devices along ``vocab`` tell one another which rows they want; each reads those it
        holds, and a reduce-scatter brings every device its own.

        Args:
          table: float32 [R / n, D], this device's part.
          rows: int32 [m, ...], the rows this device wants; as many on every device.

        Returns:
          float32 [m, ..., D].
        """
        if not self.vocab:
            return table.at[rows].get(mode="promise_in_bounds", wrap_negative_indices=False)
        wanted = self.own(jax.lax.all_gather(rows, self.vocab, tiled=True))
        found = table.at[wanted].get(mode="fill", fill_value=0, wrap_negative_indices=False)
        return jax.lax.psum_scatter(found, self.vocab, scatter_dimension=0, tiled=True)

    def gather(self, values: jax.Array, axes: Names, axis: int = 0) -> jax.Array:
        """Joins what devices hold, in the order of the devices.

        Args:
          values: [..., m, ...].
          axes: along which devices.
          axis: the axis of the array, along which the parts are laid.

        Returns:
          [..., n * m, ...], the same on all of them.
        """
        if not axes:
            return values
        return jax.lax.all_gather(values, axes, axis=axis, tiled=True, to="invarying")

    def sum(self, values: Tree, axes: Names) -> Tree:
        """Adds up what devices hold.

        Args:
          values: a pytree.
          axes: along which.

        Returns:
          The sums, the same on all of them.
        """
        return jax.lax.psum(values, axes) if axes else values

    def largest(self, value: jax.Array, axes: Names) -> jax.Array:
        """The largest of what devices hold.

        Args:
          value: integer [].
          axes: along which.

        Returns:
          That value, the same on all of them.
        """
        return jax.lax.pmax(value, axes) if axes else value

    def vary(self, values: Tree, axes: Names) -> Tree:
        """Marks values, the same everywhere so far, as some that will differ.

        Args:
          values: a pytree.
          axes: along which devices.

        Returns:
          The values.
        """
        return jax.lax.pcast(values, axes, to="varying") if axes else values
