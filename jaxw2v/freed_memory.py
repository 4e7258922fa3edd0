"""Gives back to the system what has been freed."""

from __future__ import annotations

import ctypes
import os
from typing import Any

M_MMAP_THRESHOLD = -3
"""The parameter of malloc.h."""
LARGE = 1 << 20
"""Arrays of so many bytes have memory of their own."""


def give_back_large_arrays() -> None:
    """Asks the C library to give large arrays back to the system as soon as they are freed.

    When a large array is freed glibc takes its size, up to 32 MiB, for one to keep memory for, and
    keeps all of it that lies below something in use. What is asked holds for the whole process
    until it ends, and arrays of NumPy that come and go cost more: so it is for a process that does
    nothing but train. C libraries without it are not asked.

    Reference:
      mallopt(3).
    """
    if set_parameter := _of_libc("mallopt"):
        set_parameter(M_MMAP_THRESHOLD, LARGE)


def give_back_freed_memory() -> None:
    """Asks the C library for it.

    Without that glibc keeps some 130 MiB after a compilation and 20 after an epoch. C libraries
    without it are not asked.

    Reference:
      malloc_trim(3).
    """
    if trim := _of_libc("malloc_trim"):
        trim(0)


def _of_libc(name: str) -> Any:
    """A function of the C library; ``None`` where it has no such one."""
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None
