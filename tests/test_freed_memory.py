"""Freed memory goes back to the system."""

import ctypes
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from jaxw2v import freed_memory
from jaxw2v.freed_memory import give_back_freed_memory, give_back_large_arrays

BLOCK, BLOCKS = 4_096, 20_000


def held():
    """Bytes of this process in memory."""
    return resource.getpagesize() * int(Path("/proc/self/statm").read_text().split()[1])


def test_what_was_freed_goes_back_though_something_above_it_is_in_use():
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):
        give_back_freed_memory()
        return
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    blocks = [libc.malloc(BLOCK) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    for block in blocks[:-1]:
        libc.free(block)
    kept = held()
    give_back_freed_memory()
    assert held() < kept - BLOCK * BLOCKS // 2
    libc.free(blocks[-1])


FREES_BELOW_WHAT_IS_IN_USE = """
import ctypes, resource, sys
from pathlib import Path
from jaxw2v.freed_memory import give_back_large_arrays

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
pages = lambda: int(Path("/proc/self/statm").read_text().split()[1])
held = lambda: resource.getpagesize() * pages() >> 20
if sys.argv[1] == "asked":
    give_back_large_arrays()
libc.free(libc.malloc(30 << 20))  # of this size glibc keeps memory from here on
large = [libc.malloc(8 << 20) for _ in range(8)]
for array in large:
    ctypes.memset(array, 1, 8 << 20)
above = libc.malloc(4 << 20)
before = held()
for array in large:
    libc.free(array)
print(before - held())
"""


@pytest.mark.parametrize("asked", ["asked", "not asked"])
def test_large_arrays_go_back_when_they_are_freed(asked):
    if platform.libc_ver()[0] != "glibc":
        give_back_large_arrays()
        return
    command = [sys.executable, "-c", FREES_BELOW_WHAT_IS_IN_USE, asked]
    # Without what tunes glibc or stands in for it.
    tuned = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(tuned)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    given_back = int(done.stdout)
    assert given_back > 60 if asked == "asked" else given_back < 4


def test_a_library_without_it_is_left_alone(monkeypatch):
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: object())
    give_back_freed_memory()
    give_back_large_arrays()
    monkeypatch.setattr(freed_memory.os, "name", "nt")
    monkeypatch.delattr(freed_memory.ctypes, "CDLL")
    give_back_freed_memory()
    give_back_large_arrays()
