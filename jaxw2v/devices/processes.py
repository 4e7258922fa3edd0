"""Many processes as one run: joining, agreeing, and not waiting for one that is gone."""

from __future__ import annotations

import hashlib
import logging
import os
import re

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxw2v.errors import InputError, ProcessLost

# After so long without a sign of life a process counts as gone (seconds; JAX's own is 100).
HEARTBEAT_SECONDS = 20
# At the end, how long one waits for the others (seconds).
SHUTDOWN_SECONDS = 60
DIGEST_BYTES = 32


def join(coordinator: str | None, num_processes: int | None, process_id: int | None) -> None:
    """Joins the other processes of a run; before anything else touches a device.

    Args:
      coordinator: address and port of the first process; ``None``, like the others, asks Slurm,
        Kubernetes, Open MPI or Cloud TPU.
      num_processes: how many.
      process_id: which one this is, from 0.

    Raises:
      InputError: the processes do not find one another.
    """
    if coordinator is not None and not re.fullmatch(r".+:\d+", coordinator):
        raise InputError(f"coordinator is {coordinator!r}; it must be HOST:PORT")
    # JAX's notice of preemption would swallow SIGTERM.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            coordinator,
            num_processes,
            process_id,
            heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
            shutdown_timeout_seconds=SHUTDOWN_SECONDS,
        )
    except (ValueError, RuntimeError) as error:
        hint = "give --coordinator HOST:PORT, --num-processes and --process-id"
        raise InputError(f"the processes cannot join: {str(error).rstrip('.')}; {hint}") from None


def check_devices() -> None:
    """Makes sure that JAX has a device.

    Raises:
      InputError: it has none of those that ``JAX_PLATFORMS`` names.
    """
    logger, held = logging.getLogger("jax._src.xla_bridge"), list[logging.LogRecord]()

    def hold(record: logging.LogRecord) -> bool:
        held.append(record)
        return False

    logger.addFilter(hold)
    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        wanted = os.environ.get("JAX_PLATFORMS", "")
        # JAX logs with its traceback why a plugin does not start, and then raises something else.
        logged = [str(record.exc_info[1]) for record in held if record.exc_info]
        reason = (logged or [str(error)])[0].partition("\n")[0] or f"there is no {wanted}"
        raise InputError(
            f"JAX has no device ({reason}); JAX_PLATFORMS is {wanted!r}: leave it out, or install "
            "JAX for what it names"
        ) from None
    finally:
        logger.removeFilter(hold)
    for record in held:
        logger.handle(record)


def is_first() -> bool:
    """Whether this process is the one that prints and writes."""
    return jax.process_index() == 0


def check_same(facts: dict[str, bytes]) -> None:
    """Makes sure that all processes hold the same facts; does nothing for one alone.

    Args:
      facts: content by name; the same names on every process.

    Raises:
      InputError: on every process, naming what differs and where.
      ProcessLost: another process has ended.
    """
    if jax.process_count() == 1:
        return
    joined = np.frombuffer(b"".join(map(_digest, facts.values())), np.uint8)
    digests = joined.reshape(len(facts), DIGEST_BYTES)
    try:
        everyone = multihost_utils.process_allgather(digests)
    except jax.errors.JaxRuntimeError as error:
        raise ProcessLost(lost(error)) from error
    for name, of_name in zip(facts, np.swapaxes(everyone, 0, 1), strict=True):
        others = np.flatnonzero((of_name != of_name[0]).any(axis=1))
        if len(others):
            raise InputError(
                f"processes disagree about the {name}: process {', '.join(map(str, others))} "
                "against process 0; start all with the same arguments, text and code"
            )


def wait_for_all() -> None:
    """Waits until every process is here; does nothing for one alone."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices("jaxw2v")


def is_loss(error: Exception) -> bool:
    """Whether an error means that this process cannot reach another.

    Args:
      error: an error from JAX; small programs raise ``ValueError`` where large ones raise its own.

    Returns:
      Whether it does; never for a process alone, nor when one that is there is only late.
    """
    if jax.process_count() == 1 or "DEADLINE_EXCEEDED" in str(error):
        return False
    return isinstance(error, jax.errors.JaxRuntimeError) or "Gloo" in str(error)


def raise_everywhere(error: Exception | None) -> None:
    """Raises an error on all processes if one of them met one, so that none waits for another.

    Args:
      error: the error of this process; ``None`` if it met none.

    Raises:
      Exception: ``error``, or an ``OSError`` that says that another process met one.
    """
    if error is not None and is_loss(error):
        raise error
    if not smallest(int(error is None)):
        raise error or OSError("another process cannot write")


def lost(error: Exception) -> str:
    """What to say when a process cannot go on without another.

    Args:
      error: an error from JAX.

    Returns:
      Words for a :class:`~jaxw2v.errors.ProcessLost`.
    """
    cause = (str(error).splitlines() or [type(error).__name__])[0]
    return f"another process of this run has ended or cannot be reached: {cause[:200]}"


def smallest(number: int) -> int:
    """The smallest of the numbers that processes hold.

    Args:
      number: the number that this process holds, below 2**62.

    Returns:
      The same on every process.
    """
    if jax.process_count() == 1:
        return number
    # Without 64-bit numbers JAX would cut these short: two halves of 31 bits.
    halves = np.array([number >> 31, number & (2**31 - 1)], np.int32)
    everyone = multihost_utils.process_allgather(halves).astype(np.int64)
    return int((everyone[:, 0] * 2**31 + everyone[:, 1]).min())


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
