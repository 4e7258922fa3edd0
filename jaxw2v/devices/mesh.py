"""The devices of a run: chosen, or as the user wishes."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable

import jax
from jax.sharding import AxisType, Mesh

from jaxw2v.devices.processes import smallest
from jaxw2v.devices.storage_order import CLASSES
from jaxw2v.errors import InputError

DATA, VOCAB, DIM = "data", "vocab", "dim"
Shape = tuple[int, int, int]
ALONE: Shape = (1, 1, 1)
# Columns of a device that fill a line of a GPU's memory, 128 bytes.
NARROWEST = 32
GIB = 2**30


def parse_mesh(text: str) -> Shape:
    """Reads the shape of a mesh.

    Args:
      text: the mesh, such as ``4x2``: 4 replicas of tables whose rows are sharded in 2; or
        ``4x2x8``, their columns in 8 besides.

    Returns:
      Devices along ``data``, ``vocab`` and ``dim``.

    Raises:
      InputError: the text has another form.

    Example:
      >>> parse_mesh("4x2"), parse_mesh("1x1x8")
      ((4, 2, 1), (1, 1, 8))
    """
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)(?:x([1-9]\d*))?", text)
    if match is None:
        raise InputError(
            f"mesh is {text!r}; it must be DATAxVOCAB or DATAxVOCABxDIM, such as 4x2 or 1x1x8"
        )
    data, vocab, dim = (int(size or 1) for size in match.groups())
    shards = vocab * dim
    if shards & (shards - 1) or shards > CLASSES:
        raise InputError(
            f"mesh is {text!r}; tables are sharded in a power of two, up to {CLASSES}, not in "
            f"{shards}"
        )
    return data, vocab, dim


def shape_of(mesh: Mesh | None) -> Shape:
    """The shape of a mesh.

    Args:
      mesh: with axes ``data``, ``vocab`` and, if wanted, ``dim``; ``None`` is one device.

    Returns:
      Devices along data, vocab and dim.
    """
    if mesh is None:
        return ALONE
    return mesh.shape[DATA], mesh.shape[VOCAB], mesh.shape.get(DIM, 1)


def mesh_name(shape: Shape) -> str:
    """Names a mesh as :func:`parse_mesh` reads it.

    Args:
      shape: devices along data, vocab and dim.

    Returns:
      The name.

    Example:
      >>> mesh_name((4, 2, 1)), mesh_name((1, 1, 8))
      ('4x2', '1x1x8')
    """
    return "x".join(map(str, shape if shape[2] > 1 else shape[:2]))


def choose_mesh(
    wanted: str | None,
    blocks_per_step: int,
    bytes_on: Callable[[Shape], int],
    meshes: Callable[[int], list[Shape]] | None = None,
) -> Mesh | None:
    """Chooses the devices of a run.

    If ``wanted`` is ``None``: as many accelerators as there are blocks for, in the first of their
    meshes that fits into memory; among many processes, all devices. A process alone on a CPU, whose
    virtual devices share the same cores, takes one.

    Args:
      wanted: the mesh that is asked for, such as ``4x2``; ``None`` chooses.
      blocks_per_step: blocks to share out.
      bytes_on: a function from a mesh shape to the memory that each device needs.
      meshes: a function from a number of devices to their meshes, the best first; ``None`` takes
        :func:`shapes_of`.

    Returns:
      The mesh; ``None`` is one device without a mesh.

    Raises:
      InputError: the devices are too few or too many, or the tables do not fit.
    """
    devices, meshes = jax.devices(), meshes or shapes_of
    alone = devices[0].platform == "cpu" and jax.process_count() == 1
    if wanted is None:
        most = 1 if alone else len(devices)
        fewest = 1 if jax.process_count() == 1 else most
        counts = range(most, fewest - 1, -1)
        shapes = next(filter(None, (_with_work(meshes(n), blocks_per_step) for n in counts)), [])
        shapes = shapes or meshes(most)
    else:
        shapes = [parse_mesh(wanted)]
    count = math.prod(shapes[0])
    name = f"mesh {mesh_name(shapes[0])}"
    if count > len(devices):
        raise InputError(
            f"{name} needs {count} devices and there are {len(devices)}; give a smaller --mesh"
        )
    if jax.process_count() > 1 and count < len(devices):
        raise InputError(
            f"{name} has {count} devices and the {jax.process_count()} processes have "
            f"{len(devices)}; give a --mesh of them all"
        )
    check_blocks(shapes[0], blocks_per_step)
    there = smallest(memory_of(jax.local_devices()[0], min(count, jax.local_device_count())))
    for shape in shapes:
        if bytes_on(shape) <= there:
            if shape == ALONE and jax.process_count() == 1:
                return None
            return jax.make_mesh(
                shape, (DATA, VOCAB, DIM), devices=devices[:count], axis_types=(AxisType.Auto,) * 3
            )
    least = min(shapes, key=bytes_on)
    # More devices of one machine's CPU have less memory each.
    others = (lambda number: meshes(number) if number == count else []) if alone else meshes
    raise InputError(
        f"the tables need {bytes_on(least) / GIB:.1f} GiB on each device of mesh "
        f"{mesh_name(least)}, which has {there / GIB:.1f} GiB; "
        + what_fits(bytes_on, there, others)
    )


def _with_work(shapes: list[Shape], blocks_per_step: int) -> list[Shape]:
    return [shape for shape in shapes if math.prod(shape[:2]) <= blocks_per_step]


def check_blocks(shape: Shape, blocks_per_step: int) -> None:
    """Makes sure that there is work for every device.

    Args:
      shape: devices along data, vocab and dim.
      blocks_per_step: blocks to share out.

    Raises:
      InputError: there are more devices along data and vocab than blocks.
    """
    takers = math.prod(shape[:2])
    if takers > blocks_per_step:
        raise InputError(
            f"mesh {mesh_name(shape)} shares out blocks among {takers} devices, more than the "
            f"{blocks_per_step} blocks of a step; give more text, a larger --tokens-per-step, or "
            "fewer devices"
        )


def shapes_of(count: int) -> list[Shape]:
    """The meshes of so many devices, those with the fewest shards of the tables first.

    Args:
      count: devices.

    Returns:
      Devices along data, vocab and dim.

    Example:
      >>> shapes_of(6)
      [(6, 1, 1), (3, 1, 2), (3, 2, 1)]
    """
    powers = [2**k for k in range(CLASSES.bit_length())]
    return [
        (count // cut, cut // dim, dim)
        for cut in powers
        for dim in reversed(powers)
        if count % cut == 0 and cut % dim == 0
    ]


def memory_of(device: jax.Device, sharers: int = 1) -> int:
    """The memory of a device.

    Args:
      device: the device of this process.
      sharers: virtual devices among which a CPU's memory is shared out.

    Returns:
      Bytes, of a CPU its share of what the machine has; without end if it does not say.
    """
    if device.platform == "cpu" and hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // sharers
    return (device.memory_stats() or {}).get("bytes_limit", 2**60)


def what_fits(
    bytes_on: Callable[[Shape], int], there: int, meshes: Callable[[int], list[Shape]]
) -> str:
    """What to do when tables do not fit.

    Args:
      bytes_on: a function from a mesh shape to the memory that each device needs.
      there: the memory of a device (bytes).
      meshes: a function from a number of devices to their meshes, the best first.

    Returns:
      Words for an error.

    Example:
      >>> what_fits(lambda shape: 100 // shape[1], 30, shapes_of)
      '--mesh 1x4 would fit'
    """
    for cut in range(1, CLASSES.bit_length()):
        for shape in meshes(2**cut):
            if bytes_on(shape) <= there:
                return f"--mesh {mesh_name(shape)} would fit"
    return "give a smaller --embedding-dim, --tokens-per-step or --max-vocabulary"
