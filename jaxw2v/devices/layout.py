"""How the arrays and the programs of a run are laid over its devices."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding

from jaxw2v.devices.mesh import DATA, VOCAB
from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import num_rows

EVERYWHERE = PartitionSpec()
# Loops and conditionals inside a CUDA graph: the host need not read how many rounds are left.
COMMAND_BUFFER = "xla_gpu_enable_command_buffer"
GPU_OPTIONS = {
    COMMAND_BUFFER: "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,WHILE,CONDITIONAL",
    "xla_gpu_graph_min_graph_size": "1",
}


def on_host() -> SingleDeviceSharding:
    """Where arrays lie that are read to be handed on: the CPU, where JAX may use it."""
    try:
        return SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    except RuntimeError:
        # JAX_PLATFORMS names accelerators only.
        return SingleDeviceSharding(jax.local_devices()[0])


class Layout:
    """Lays the arrays and the programs of a run over its devices.

    Attributes:
      mesh: with axes ``data`` and ``vocab``; ``None`` is one device, without a mesh.
      shards: the names by which the step communicates; ``vocab`` has none where it is one device.
    """

    def __init__(self, mesh: Mesh | None, vocabulary_size: int, exchange_sums: bool = False):
        """Prepares a layout.

        Args:
          mesh: see the class.
          vocabulary_size: V, words.
          exchange_sums: see :class:`~jaxw2v.devices.shards.Shards`.
        """
        self.mesh = mesh
        self.shards = Shards(vocabulary_size)
        if mesh is not None:
            vocab = (VOCAB,) if mesh.shape[VOCAB] > 1 else ()
            self.shards = Shards(vocabulary_size, (DATA,), vocab, exchange_sums)

    @property
    def num_devices(self) -> int:
        """Devices in use."""
        return 1 if self.mesh is None else self.mesh.size

    def specs(self, tree: Any) -> Any:
        """Which arrays are sharded by rows: those with a row for each row of a table."""
        rows = num_rows(self.shards.vocabulary_size)

        def spec(array):
            return (
                PartitionSpec(self.shards.vocab or None)
                if array.shape[:1] == (rows,)
                else EVERYWHERE
            )

        return jax.tree.map(spec, tree)

    @property
    def copies_drift(self) -> bool:
        """Whether devices that hold copies add the same gradients in orders of their own."""
        if self.mesh is None or self.shards.exchange_sums or self.mesh.shape[DATA] == 1:
            return False
        return self.mesh.devices.flat[0].platform != "cpu"

    @property
    def tokens(self) -> PartitionSpec:
        """Tokens are sharded over all devices."""
        return PartitionSpec(self.shards.devices or None)

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
          The arrays [n * ceil(size / n)] for n devices, sharded over all of them.
        """
        sharding = self._sharding(self.tokens)
        size = self.empty_tokens(size).size
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
        (numbers,) = self.put_tokens(
            self.num_devices, lambda first, last: (np.full(last - first, number, np.int32),)
        )
        return self._largest(numbers)

    @functools.cached_property
    def _largest(self) -> Callable[[jax.Array], jax.Array]:
        devices = self.shards.devices
        return self.program(
            lambda numbers: jax.lax.pmax(numbers[0], devices), (self.tokens,), EVERYWHERE
        )

    def empty_tokens(self, size: int) -> jax.ShapeDtypeStruct:
        """The shape of what :meth:`put_tokens` makes of a chunk.

        Args:
          size: tokens of the chunk.

        Returns:
          int32 [n * ceil(size / n)] for n devices.
        """
        size = self.num_devices * -(-size // self.num_devices)
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
        return jax.jit(function, donate_argnums=donate, compiler_options=self._compiler_options)

    @property
    def _compiler_options(self) -> dict[str, str] | None:
        """How XLA is to compile; what the user says in ``XLA_FLAGS`` goes first."""
        device = jax.local_devices()[0] if self.mesh is None else self.mesh.devices.flat[0]
        if device.platform != "gpu" or COMMAND_BUFFER in os.environ.get("XLA_FLAGS", ""):
            return None
        return GPU_OPTIONS
