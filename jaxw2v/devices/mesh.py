"""The devices of a run: chosen, or as the user wishes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import jax
from jax.sharding import AxisType, Mesh

from jaxw2v.devices.processes import smallest
from jaxw2v.devices.storage_order import CLASSES
from jaxw2v.errors import InputError

DATA, VOCAB = "data", "vocab"
Shape = tuple[int, int]
GIB = 2**30


def parse_mesh(text: str) -> Shape:
    """Reads the shape of a mesh.

    Args:
      text: the mesh, such as ``4x2``: 4 replicas of tables that are sharded in 2.

    Returns:
      Devices along ``data`` and along ``vocab``.

    Raises:
      InputError: the text has another form.

    Example:
      >>> parse_mesh("4x2")
      (4, 2)
    """
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if match is None:
        raise InputError(f"mesh is {text!r}; it must be DATAxVOCAB, such as 4x2")
    data, vocab = map(int, match.groups())
    if vocab & (vocab - 1) or vocab > CLASSES:
        raise InputError(
            f"mesh is {text!r}; tables are sharded in a power of two, up to {CLASSES}, not in "
            f"{vocab}"
        )
    return data, vocab


def choose_mesh(
    wanted: str | None,
    blocks_per_step: int,
    bytes_on: Callable[[Shape], int],
    can_shard: bool = True,
) -> Mesh | None:
    """Chooses the devices of a run.

    Without a wish: all accelerators, with tables sharded no more than memory demands. On a
    CPU, whose virtual devices share the same cores, one device for a process alone.

    Args:
      wanted: the mesh that is asked for, such as ``4x2``; ``None`` chooses.
      blocks_per_step: blocks to share out.
      bytes_on: a function from a mesh shape to the memory that each device needs.
      can_shard: whether tables may be sharded.

    Returns:
      The mesh; ``None`` is one device without a mesh.

    Raises:
      InputError: the devices are too few or too many, or the tables do not fit.
    """
    devices = jax.devices()
    if wanted is None:
        alone = devices[0].platform == "cpu" and jax.process_count() == 1
        count = 1 if alone else len(devices)
        if jax.process_count() == 1:
            count = min(count, blocks_per_step)
        shapes = shapes_of(count)[: None if can_shard else 1]
    else:
        shapes = [parse_mesh(wanted)]
        count = math.prod(shapes[0])
    name = f"mesh {shapes[0][0]}x{shapes[0][1]}"
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
    there = smallest(memory_of(jax.local_devices()[0]))
    for shape in shapes:
        if bytes_on(shape) <= there:
            if shape == (1, 1) and jax.process_count() == 1:
                return None
            return jax.make_mesh(
                shape, (DATA, VOCAB), devices=devices[:count], axis_types=(AxisType.Auto,) * 2
            )
    data, vocab = shapes[-1]
    raise InputError(
        f"the tables need {bytes_on((data, vocab)) / GIB:.1f} GiB on each device of mesh "
        f"{data}x{vocab}, which has {there / GIB:.1f} GiB; " + what_fits(bytes_on, there, can_shard)
    )


def check_blocks(shape: Shape, blocks_per_step: int) -> None:
    """Makes sure that there is work for every device.

    Args:
      shape: devices along ``data`` and ``vocab``.
      blocks_per_step: blocks to share out.

    Raises:
      InputError: there are more devices than blocks.
    """
    if math.prod(shape) > blocks_per_step:
        raise InputError(
            f"mesh {shape[0]}x{shape[1]} has {math.prod(shape)} devices, more than the "
            f"{blocks_per_step} blocks of a step; give more text, a larger --tokens-per-step, or "
            "fewer devices"
        )


def shapes_of(count: int) -> list[Shape]:
    """The meshes of so many devices, those with the fewest shards of the tables first.

    Args:
      count: devices.

    Returns:
      Devices along data and vocab.

    Example:
      >>> shapes_of(12)
      [(12, 1), (6, 2), (3, 4)]
    """
    cuts = [2**k for k in range(CLASSES.bit_length())]
    return [(count // cut, cut) for cut in cuts if count % cut == 0]


def memory_of(device: jax.Device) -> int:
    """The memory of a device.

    Args:
      device: the device of this process.

    Returns:
      Bytes; without end if it does not say.
    """
    return (device.memory_stats() or {}).get("bytes_limit", 2**60)


def what_fits(bytes_on: Callable[[Shape], int], there: int, can_shard: bool = True) -> str:
    """What to do when tables do not fit.

    Args:
      bytes_on: a function from a mesh shape to the memory that each device needs.
      there: the memory of a device (bytes).
      can_shard: whether tables may be sharded.

    Returns:
      Words for an error.

    Example:
      >>> what_fits(lambda shape: 100 // shape[1], 30)
      '--mesh 1x4 would fit'
    """
    for _, cut in shapes_of(CLASSES) if can_shard else ():
        if bytes_on((1, cut)) <= there:
            return f"--mesh 1x{cut} would fit"
    return "give a smaller --embedding-dim, --tokens-per-step or --max-vocabulary"
