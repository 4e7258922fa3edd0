"""Reads checkpoints, and verifies what was read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
from orbax.checkpoint import v1 as ocp

from jaxw2v.corpus import Vocabulary
from jaxw2v.devices.host import on_host
from jaxw2v.devices.storage_order import num_rows, storage_row
from jaxw2v.errors import InputError
from jaxw2v.run_folder import VOCABULARY
from jaxw2v.training.checkpoints.checksums import compute_checksums
from jaxw2v.training.checkpoints.quiet_orbax import quiet_orbax
from jaxw2v.training.checkpoints.record import Arrays, Damaged, Record, first_line, unseal


def read_record(path: Path) -> Record:
    """Reads what a checkpoint says of itself.

    Args:
      path: the path of the checkpoint.

    Returns:
      What was saved with it, and ``arrays``: shape, dtype and checksum by name.

    Raises:
      Damaged: it is damaged, or of another program.
      InputError: it is of another version of this program.
    """
    try:
        with quiet_orbax(), _by_itself():
            sealed = ocp.metadata(path.absolute()).custom_metadata
    except Exception as error:
        raise Damaged(f"it cannot be read: {first_line(error)}") from None
    return unseal(sealed, path)


def read_arrays(path: Path, shapes: dict[str, jax.ShapeDtypeStruct], record: Record) -> Arrays:
    """Reads arrays onto the devices where they belong; what is read is yet to be checked.

    Each process reads its own parts and waits for no other.

    Args:
      path: the path of the checkpoint.
      shapes: the shapes by name, with shardings; arrays that are not named are not read.
      record: the record of the checkpoint.

    Returns:
      The arrays by name.

    Raises:
      Damaged: a file is missing or cut short.
    """
    wanted = {name: shapes.get(name, ocp.PLACEHOLDER) for name in record["arrays"]}
    try:
        with quiet_orbax(), _by_itself():
            loaded = ocp.load(path.absolute(), wanted)
        return {name: loaded[name] for name in shapes}
    except Exception as error:
        raise Damaged(f"it cannot be read: {first_line(error)}") from None


def check_arrays(arrays: Arrays, record: Record) -> None:
    """Compares checksums; all processes at once, each with its parts.

    Args:
      arrays: the arrays that were read.
      record: the record of their checkpoint.

    Raises:
      Damaged: an array is not what was written.
    """
    found, _ = jax.device_get(compute_checksums(arrays))
    wrong = [name for name in arrays if int(found[name]) != record["arrays"][name]["checksum"]]
    if wrong:
        raise Damaged(f"the checksum of {', '.join(wrong)} is wrong")


def read_in_word_order(
    path: Path, sizes: dict[str, int], record: Record, limit: int | None = None
) -> dict[str, np.ndarray]:
    """Reads arrays to the host, checked, with the rows that have owners in the owners' order.

    Args:
      path: the path of the checkpoint.
      sizes: how many words or n-grams own rows of each table, by the table's name; what has no
        such rows is returned as it is.
      record: the record of the checkpoint.
      limit: first owners whose rows are wanted; ``None`` for all.

    Returns:
      The arrays by name; tables have as many rows as there are such owners.

    Raises:
      Damaged: a file is missing or cut short, or an array is not what was written.
    """
    stored, sharding = record["arrays"], on_host()
    shapes = {
        name: jax.ShapeDtypeStruct(stored[name]["shape"], stored[name]["dtype"], sharding=sharding)
        for name in sizes
    }
    arrays = read_arrays(path, shapes, record)
    check_arrays(arrays, record)
    return {name: _in_order(np.asarray(a), sizes[name], limit) for name, a in arrays.items()}


def _in_order(array: np.ndarray, size: int, limit: int | None) -> np.ndarray:
    if array.shape[:1] != (num_rows(size),):
        return array
    return array[storage_row(np.arange(size)[:limit], size)]


def _by_itself() -> ocp.Context:
    """Reading without the others: one of them may not be able to read what this one can."""
    context, process = ocp.Context(), jax.process_index()
    context.multiprocessing.active_processes = {process}
    context.multiprocessing.primary_host = process
    context.multiprocessing.barrier_sync_key_prefix = f"jaxw2v-{process}"
    return context


def sound_records(checkpoints: Path, steps: list[int]) -> Iterator[tuple[int, Record]]:
    """Reads records, with a warning for those that cannot be read.

    Args:
      checkpoints: their folder.
      steps: the steps, in the order in which they are read.

    Yields:
      Steps and records.
    """
    for step in steps:
        try:
            yield step, read_record(checkpoints / str(step))
        except Damaged as error:
            warn_damaged(checkpoints / str(step), error)


def read_vocabulary(checkpoints: Path, step: int, record: Record) -> Vocabulary:
    """Reads the vocabulary that stands beside checkpoints.

    Args:
      checkpoints: their folder.
      step: the step of one of them.
      record: the record of that one.

    Returns:
      The vocabulary.

    Raises:
      InputError: it is damaged, or of another run.
    """
    vocabulary = Vocabulary.load(checkpoints / VOCABULARY)
    if vocabulary.digest != record["facts"]["vocabulary"]:
        raise InputError(
            f"{checkpoints / VOCABULARY}: is not the vocabulary of step {step}; restore that file"
        )
    return vocabulary


def warn_damaged(path: Path, error: Damaged) -> None:
    """Says that a checkpoint is passed over.

    Args:
      path: the path of the checkpoint.
      error: why.
    """
    warnings.warn(f"{path}: passed over: {error}", RuntimeWarning, stacklevel=2)


def none_usable(checkpoints: Path) -> InputError:
    """The error of a run without a sound checkpoint.

    Args:
      checkpoints: their folder.

    Returns:
      The error.
    """
    return InputError(
        f"{checkpoints}: none of its checkpoints can be used; restore one from a copy, or give "
        "--overwrite to start anew"
    )
