"""Devices for which a program can be compiled where there is none of them."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import os
import re
from typing import Literal

import jax
import numpy as np
from jax.experimental import topologies
from jax.sharding import AxisType, Mesh

from jaxw2v.devices.mesh import DATA, DIM, GIB, VOCAB, Shape, mesh_name
from jaxw2v.errors import InputError

OLDEST_JAX = (0, 12)
INSTALL = "in an environment of its own: pip install 'jaxw2v[aot]' (Python 3.12 or later)"


@dataclasses.dataclass(frozen=True)
class Target:
    """A kind of device, with what its maker says it can do.

    Attributes:
      name: as the user gives it, such as ``h200`` or ``v5e:2x2``.
      platform: ``cuda`` or ``tpu``.
      memory: its main memory (bytes).
      memory_bandwidth: of its main memory (bytes/s).
      link_bandwidth: to other devices, in one direction (bytes/s).
      flops: products of matrices, by the precision of their operands (operations/s).
      launch: what an operation takes at least, however small (s).
    """

    name: str
    platform: Literal["cuda", "tpu"]
    memory: int
    memory_bandwidth: float
    link_bandwidth: float
    flops: dict[str, float]
    launch: float


def _gpu(name: str, memory: int, bandwidth: float) -> Target:
    flops = {"float32": 67e12, "tensorfloat32": 495e12, "bfloat16": 990e12}
    return Target(name, "cuda", memory, bandwidth, 450e9, flops, 1e-6)


def _tpu(name: str, gibibytes: int, bandwidth: float, link: float, bfloat16: float) -> Target:
    # float32 operands are taken apart into three bfloat16 each: six products, or three of them.
    flops = {"float32": bfloat16 / 6, "tensorfloat32": bfloat16 / 3, "bfloat16": bfloat16}
    return Target(name, "tpu", gibibytes * GIB, bandwidth, link, flops, 1e-7)


_KINDS = {
    "h100": _gpu("h100", 84_942_979_072, 3.35e12),
    "h200": _gpu("h200", 151_397_597_184, 4.8e12),
    "v4": _tpu("v4", 32, 1.23e12, 300e9, 275e12),
    "v5e": _tpu("v5e", 16, 0.82e12, 200e9, 197e12),
    "v5p": _tpu("v5p", 95, 2.77e12, 600e9, 459e12),
    "v6e": _tpu("v6e", 32, 1.64e12, 448e9, 918e12),
}
# Otherwise libtpu asks the machine for the TPU that it is part of, and says that there is none.
_NO_TPU_HERE = {
    "TPU_SKIP_MDS_QUERY": "1",
    "TPU_ACCELERATOR_TYPE": "v5litepod-4",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "TPU_WORKER_ID": "0",
    "TPU_MIN_LOG_LEVEL": "3",
    "TPU_STDERR_LOG_LEVEL": "3",
}
# The GPU's name, as XLA is told it. For an "NVIDIA H100 80GB HBM3" XLA has data on sorting, for
# which it asks CUDA, which is not there; for the shorter name it has none.
_GPU_NAMES = {"h100": "NVIDIA H100", "h200": "NVIDIA H200 141GB HBM3e"}


def find_target(name: str) -> Target:
    """Looks up a kind of device.

    Args:
      name: ``h100``, ``h200``, or a TPU and the grid of its chips, such as ``v5e:2x2``.

    Returns:
      The target.

    Raises:
      InputError: there is none of this name.

    Example:
      >>> find_target("v5e:2x2").platform
      'tpu'
    """
    kind, _, grid = name.partition(":")
    target = _KINDS.get(kind)
    is_tpu = target is not None and target.platform == "tpu"
    if target is None or is_tpu != bool(re.fullmatch(r"\d+(x\d+){1,2}", grid)):
        raise InputError(
            f"target is {name!r}; it must be h100, h200, or a TPU with the grid of its chips: "
            "v4:2x2x1, v5e:2x2, v5p:2x2x1, v6e:2x4 or a larger one"
        )
    return dataclasses.replace(target, name=name)


def check_compiler(target: Target) -> None:
    """Makes sure that the compiler for a target is there.

    Args:
      target: the target.

    Raises:
      InputError: it is not installed, or too old.
    """
    version = tuple(int(n) for n in re.findall(r"\d+", jax.__version__)[:2])
    if version < OLDEST_JAX:
        raise InputError(
            f"target {target.name}: JAX {jax.__version__} cannot compile for devices that are not "
            f"here; install JAX 0.12 or later, {INSTALL}"
        )
    module = "libtpu" if target.platform == "tpu" else "jax_plugins.xla_cuda13"
    try:
        is_there = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise InputError(f"target {target.name}: its compiler is not installed; {INSTALL}")


def target_mesh(target: Target, shape: Shape) -> Mesh:
    """Lays a mesh over devices that need not be there.

    Args:
      target: the kind of device.
      shape: devices along data, vocab and dim.

    Returns:
      The mesh.

    Raises:
      InputError: the compiler is not there, or the mesh is larger than the grid of chips.
    """
    check_compiler(target)
    count = math.prod(shape)
    if target.platform == "tpu":
        for name, value in _NO_TPU_HERE.items():
            os.environ.setdefault(name, value)
        try:
            topology = topologies.get_topology_desc(target.name, "tpu")
        except jax.errors.JaxRuntimeError as error:
            line = str(error).splitlines()[0]
            raise InputError(f"target {target.name}: libtpu has no such grid ({line})") from None
    else:
        topology = topologies.get_topology_desc(
            platform="cuda", target_config=_gpu_description(target), topology=f"1x1x{count}"
        )
    devices = topology.devices
    if count > len(devices):
        raise InputError(
            f"mesh {mesh_name(shape)} needs {count} devices, and {target.name} has {len(devices)}"
        )
    grid: np.ndarray = np.array(devices[:count])
    return Mesh(grid.reshape(shape), (DATA, VOCAB, DIM), axis_types=(AxisType.Auto,) * 3)


def _gpu_description(target: Target) -> str:
    """What XLA's compiler wants to know of a Hopper GPU, as its text protocol buffer."""
    name = _GPU_NAMES[target.name]
    return f"""
gpu_device_info {{
  threads_per_block_limit: 1024 threads_per_warp: 32 threads_per_core_limit: 2048
  shared_memory_per_block: 49152 shared_memory_per_core: 233472
  shared_memory_per_block_optin: 232448 core_count: 132 fpus_per_core: 128
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  thread_dim_limit_x: 1024 thread_dim_limit_y: 1024 thread_dim_limit_z: 64
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  memory_bandwidth: {round(target.memory_bandwidth)} l2_cache_size: 52428800
  clock_rate_ghz: 1.98 device_memory_size: {target.memory} pcie_bandwidth: 34359738368
  cuda_compute_capability {{ major: 9 feature_extension: ACCELERATED_FEATURES }}
  device_vendor: "NVIDIA Corporation" platform_version: "Compute Capability 9.0a"
  model_str: "sm_9.0a with {target.memory}B RAM, 132 cores" name: "{name}"
  device_address_bits: 64 ecc_enabled: true driver_version: "13.0.0"
  runtime_version: "12.8.0" compile_time_toolkit_version: "12.8.0" dnn_version: "9.10.0"
  cub_version: "3.1.2" device_interconnect_info {{ active_links: 18 }}
}}
platform_name: "CUDA"
runtime_version {{ major: 12 minor: 8 patch: 0 }}
dnn_version_info {{ major: 9 minor: 10 patch: 0 }}
device_description_str: "{name}"
"""
