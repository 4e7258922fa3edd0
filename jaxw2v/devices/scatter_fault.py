"""Keeps a user from a jaxlib whose scatter-add on CUDA is hundreds of times too slow."""

from __future__ import annotations

import os
import re

import jax
import jaxlib

from jaxw2v.errors import InputError

WORKAROUND = "--xla_backend_extra_options=-nvptx-allow-ftz-atomics"
FIRST_FIXED = (0, 11, 1)


def check_scatter(platform: str, version: str, xla_flags: str) -> None:
    """Refuses a CUDA backend with the fault, unless the work-around is set.

    jaxlib 0.10.2 and 0.11.0 compile float32 scatter-add with repeated indices to a
    compare-and-swap loop (jax issue 38806, xla issue 46225; mended in 0.11.1).

    Args:
      platform: the platform version of the JAX client, which names CUDA if that is in use.
      version: the version of jaxlib.
      xla_flags: the value of ``XLA_FLAGS``.

    Raises:
      InputError: the fault would strike; the message names both remedies.

    Example:
      >>> check_scatter("cpu", "0.10.2", "")
    """
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:3])
    affected = "cuda" in platform.lower() and numbers < FIRST_FIXED
    if not affected or WORKAROUND in xla_flags:
        return
    raise InputError(
        f"jaxlib {version} adds rows on CUDA some 450 times slower than it should; install "
        f"jaxlib 0.11.1 or later (pip install 'jaxw2v[cuda]'), or set XLA_FLAGS={WORKAROUND}"
    )


def check_this_machine(device: jax.Device) -> None:
    """Applies :func:`check_scatter` to the installed jaxlib.

    Args:
      device: the device that will train.

    Raises:
      InputError: the fault would strike.
    """
    platform = device.client.platform_version
    check_scatter(platform, jaxlib.__version__, os.environ.get("XLA_FLAGS", ""))
