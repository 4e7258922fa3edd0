"""Freed memory goes back to the system."""

import ctypes
from pathlib import Path

from jaxw2v.training.loop import freed_memory
from jaxw2v.training.loop.freed_memory import give_back_freed_memory

BLOCK, BLOCKS = 4_096, 20_000


def held():
    """Bytes of this process in memory."""
    return 4_096 * int(Path("/proc/self/statm").read_text().split()[1])


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


def test_a_library_without_it_is_left_alone(monkeypatch):
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: object())
    give_back_freed_memory()
    monkeypatch.setattr(freed_memory.os, "name", "nt")
    monkeypatch.delattr(freed_memory.ctypes, "CDLL")
    give_back_freed_memory()
