"""How the arrays and the programs of a run are laid over its devices."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding

from jaxw2v.devices.columns import all_rows, local_width, own_rows, to_columns, to_rows
from jaxw2v.devices.compiler_options import compiler_options
from jaxw2v.devices.mesh import DATA, DIM, VOCAB, Shape, shape_of
from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import num_rows

EVERYWHERE = PartitionSpec()


class Layout:
    """Lays the arrays and the programs of a run over its devices.

    Attributes:
      mesh: with axes ``data``, ``vocab`` and, if wanted, ``dim``; ``None`` is one device, without
        a mesh.
      shards: the names by which the step communicates; an axis of one device has none.
      row_shards: the same for tables by rows (:mod:`jaxw2v.devices.columns`), which devices along
        ``dim`` share out like those along ``vocab``.
    """

    def __init__(
        self,
        mesh: Mesh | None,
        vocabulary_size: int,
        embedding_dim: int,
        exchange_sums: bool = False,
        others: tuple[int, ...] = (),
        in_order: bool = False,
    ):
        """Prepares a layout.

        Args:
          mesh: see the class.
          vocabulary_size: V, words.
          embedding_dim: D, components.
          exchange_sums: see :class:`~jaxw2v.devices.shards.Shards`.
          others: rows of further tables, such as that of n-grams.
          in_order: see :class:`~jaxw2v.devices.shards.Shards`.
        """
        self.mesh, self._embedding_dim = mesh, embedding_dim
        self._tables = {(num_rows(size),) for size in (vocabulary_size, *others)}
        self.shards = self.row_shards = Shards(vocabulary_size, in_order=in_order)
        if mesh is not None:
            data, vocab, dim = (
                (name,) if size > 1 else ()
                for name, size in zip((DATA, VOCAB, DIM), self.shape, strict=True)
            )
            self.shards = Shards(vocabulary_size, data, vocab, dim, exchange_sums, in_order)
            self.row_shards = Shards(vocabulary_size, data, vocab + dim)

    @property
    def num_devices(self) -> int:
        """Devices in use."""
        return 1 if self.mesh is None else self.mesh.size

    @property
    def shape(self) -> Shape:
        """Devices along data, vocab and dim."""
        return shape_of(self.mesh)

    @property
    def num_takers(self) -> int:
        """Devices that take different tokens; those along ``dim`` take the same."""
        return self.num_devices // self.shape[2]

    def specs(self, tree: Any) -> Any:
        """Which arrays are sharded by rows: those with a row for each row of a table."""

        def spec(array):
            by_rows = PartitionSpec(self.row_shards.vocab or None)
            return by_rows if array.shape[:1] in self._tables else EVERYWHERE

        return jax.tree.map(spec, tree)

    def training_specs(self, tree: Any) -> Any:
        """How the state lies while it is trained: tables by rows and columns."""
        dim, vocab = self.shards.dim, self.shards.vocab or None

        def spec(array):
            if array.shape[:1] not in self._tables:
                return EVERYWHERE
            if dim and array.shape[1:] in ((self._embedding_dim,), (self._columns,)):
                return PartitionSpec(vocab, dim)
            return PartitionSpec(vocab)

        return jax.tree.map(spec, tree)

    @property
    def _columns(self) -> int:
        """Columns of a table, those of padding counted."""
        count = self.shape[2]
        return count * local_width(self._embedding_dim, count)

    def training_shapes(self, tree: Any) -> Any:
        """The shapes of what :meth:`for_training` makes.

        Args:
          tree: shapes, as :meth:`shapes` has them.

        Returns:
          A pytree of shapes.
        """

        def shape(array, spec):
            if len(spec) == 2:
                array = jax.ShapeDtypeStruct((array.shape[0], self._columns), array.dtype)
            return self._shape(array, spec)

        return jax.tree.map(shape, tree, self.training_specs(tree))

    def for_training(self, tree: Any) -> Any:
        """Shares out the columns of tables, where a mesh does.

        Args:
          tree: a pytree of arrays, tables by rows.

        Returns:
          The arrays, as the training program takes them.
        """
        by_rows, by_columns = self.specs(tree), self.training_specs(tree)
        return self._exchange(to_columns, all_rows, by_columns, by_rows, by_columns)(tree)

    def by_rows(self, tree: Any) -> Callable[[Any], Any]:
        """Makes the program that undoes :meth:`for_training`.

        Args:
          tree: a pytree of arrays like those that the program is for.

        Returns:
          The program.
        """
        by_rows, by_columns = self.specs(tree), self.training_specs(tree)
        of_tables = functools.partial(to_rows, embedding_dim=self._embedding_dim)
        return self._exchange(of_tables, own_rows, by_columns, by_columns, by_rows)

    def _exchange(
        self, of_tables: Callable, of_others: Callable, by_columns: Any, before: Any, after: Any
    ) -> Callable[[Any], Any]:
        if not self.shards.dim:
            return lambda tree: tree

        def exchange(part, spec):
            if not len(spec):
                return part
            return (of_tables if len(spec) == 2 else of_others)(part, self.shards)

        return self.program(
            lambda parts: jax.tree.map(exchange, parts, by_columns), (before,), after
        )

    @property
    def copies_drift(self) -> bool:
        """Whether devices that hold copies add the same gradients in orders of their own."""
        if self.mesh is None or self.shards.exchange_sums or self.mesh.shape[DATA] == 1:
            return False
        platform = self.mesh.devices.flat[0].platform
        return platform != "cpu" and not (platform == "gpu" and self.shards.in_order)

    @property
    def tokens(self) -> PartitionSpec:
        """Tokens are sharded over all devices that take different ones."""
        return PartitionSpec(self.shards.block_axes or None)

    def _sharding(self, spec: PartitionSpec) -> Sharding:
        if self.mesh is None:
            return SingleDeviceSharding(jax.local_devices()[0])
        return NamedSharding(self.mesh, spec)

    def make(self, function: Callable[[], Any]) -> Any:
        """Makes arrays in the place where they stay, so that no device ever holds a whole table.

        Args:
          function: returns a pytree of arrays.

        Returns:
          The arrays.
        """
        shardings = jax.tree.map(lambda shape: shape.sharding, self.shapes(function))
        return jax.jit(function, out_shardings=shardings)()

    def shapes(self, function: Callable[[], Any]) -> Any:
        """The shapes of what :meth:`make` makes, and how it is sharded.

        Args:
          function: returns a pytree of arrays.

        Returns:
          A pytree of shapes.
        """
        made = jax.eval_shape(function)
        return jax.tree.map(self._shape, made, self.specs(made))

    def shapes_of_copies(self, tree: Any) -> Any:
        """The shapes of what :meth:`copy_everywhere` makes."""
        return jax.tree.map(lambda array: self._shape(array, EVERYWHERE), tree)

    def _shape(self, array: Any, spec: PartitionSpec) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=self._sharding(spec))

    def copy_everywhere(self, tree: Any) -> Any:
        """Gives every device a copy of arrays that every process has."""
        sharding = self._sharding(EVERYWHERE)

        def copy(array):
            array = np.asarray(array)
            return jax.make_array_from_callback(array.shape, sharding, array.__getitem__)

        return jax.tree.map(copy, tree)

    def put_tokens(
        self, size: int, read: Callable[[int, int], tuple[np.ndarray, ...]]
    ) -> tuple[jax.Array, ...]:
        """Brings the tokens of a chunk to the devices, each process those of its own.

        Args:
          size: tokens of the chunk.
          read: a function of a first token and the one after the last, to their arrays; past
            the end of the chunk, of padding.

        Returns:
          The arrays [n * ceil(size / n)] for n devices that take different ones.
        """
        return self._put(self.empty_tokens(size).size, self._sharding(self.tokens), read)

    def _put(
        self,
        size: int,
        sharding: Sharding,
        read: Callable[[int, int], tuple[np.ndarray, ...]],
    ) -> tuple[jax.Array, ...]:
        # Devices along dim want the same.
        read = functools.cache(read)
        parts = [
            [jax.device_put(array, device) for array in read(*index[0].indices(size)[:2])]  # type: ignore[index]
            for device, index in sharding.addressable_devices_indices_map((size,)).items()
        ]
        return tuple(
            jax.make_array_from_single_device_arrays((size,), sharding, list(arrays))
            for arrays in zip(*parts, strict=True)
        )

    def largest(self, number: int) -> jax.Array | int:
        """The largest of the numbers that the processes give; returns before it is known.

        Args:
          number: the number that this process gives, below 2**31.

        Returns:
          int32 [], the same on every process.
        """
        if jax.process_count() == 1:
            return number
        (numbers,) = self._put(
            self.num_devices,
            self._sharding(PartitionSpec(self.shards.all_axes)),
            lambda first, last: (np.full(last - first, number, np.int32),),
        )
        return self._largest(numbers)

    @functools.cached_property
    def _largest(self) -> Callable[[jax.Array], jax.Array]:
        devices = self.shards.all_axes
        return self.program(
            lambda numbers: jax.lax.pmax(numbers[0], devices),
            (PartitionSpec(devices),),
            EVERYWHERE,
        )

    def empty_tokens(self, size: int) -> jax.ShapeDtypeStruct:
        """The shape of what :meth:`put_tokens` makes of a chunk.

        Args:
          size: tokens of the chunk.

        Returns:
          int32 [n * ceil(size / n)] for n devices that take different ones.
        """
        size = self.num_takers * -(-size // self.num_takers)
        return jax.ShapeDtypeStruct((size,), np.int32, sharding=self._sharding(self.tokens))

    def program(
        self, function: Callable, in_specs: Any, out_specs: Any, donate: tuple[int, ...] = ()
    ) -> jax.stages.Wrapped:
        """Makes a program for all devices from one for each device.

        Args:
          function: what a device does with its parts of the arguments.
          in_specs: how the arguments are sharded.
          out_specs: how the results are.
          donate: arguments whose memory the results may take.

        Returns:
          The jitted program.
        """
        if self.mesh is not None:
            function = jax.shard_map(
                function, mesh=self.mesh, in_specs=in_specs, out_specs=out_specs
            )
        device = jax.local_devices()[0] if self.mesh is None else self.mesh.devices.flat[0]
        options = compiler_options(device.platform, self.shards.in_order)
        return jax.jit(function, donate_argnums=donate, compiler_options=options)
