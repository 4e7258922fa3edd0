"""What XLA's compiler for GPUs leaves in files: the list of what is launched, and PTX. Pure."""

from __future__ import annotations

import re


def host_reads(thunks: str) -> tuple[int, int]:
    r"""Loops and conditionals of a CUDA program whose outcome the host waits for.

    Those inside a command buffer (a CUDA graph) it does not.

    Args:
      thunks: XLA's list of what is launched, ``thunk_sequence_after_thunk_passes``.

    Returns:
      Loops and conditionals.

    Example:
      >>> host_reads("000: kCommandBuffer\n    001: kWhile\n002: kConditional")
      (0, 1)
    """
    counts = {"kWhile": 0, "kConditional": 0}
    around: list[tuple[int, bool]] = []
    for line in thunks.splitlines():
        match = re.match(r"( *)\d+: (k\w+)", line)
        if match is None:
            continue
        depth = len(match[1])
        around = [(d, buffered) for d, buffered in around if d < depth]
        buffered = any(inside for _, inside in around)
        if match[2] in counts and not buffered:
            counts[match[2]] += 1
        around.append((depth, match[2] == "kCommandBuffer"))
    return counts["kWhile"], counts["kConditional"]


def compare_and_swaps(assembly: str) -> int:
    """Compare-and-swap instructions, by which a GPU adds where it has no atomic addition.

    Args:
      assembly: PTX.

    Returns:
      How many stand in the text.

    Example:
      >>> compare_and_swaps("atom.global.cas.b32 %r1, [%rd1], %r2, %r3;")
      1
    """
    return len(re.findall(r"\batom[.\w]*\.cas\b", assembly))


def float_atomics(assembly: str) -> int:
    """Atomic additions of floats, whose sums depend on which thread comes first.

    Args:
      assembly: PTX.

    Returns:
      How many stand in the text.

    Example:
      >>> float_atomics("red.global.add.f32 [%rd1], %f1; atom.global.add.u32 %r1, [%rd2], %r2;")
      1
    """
    atomics = re.findall(r"\b(?:atom|red)\.[.\w]*", assembly)
    return sum(".add" in name and bool(re.search(r"\.b?f\d", name)) for name in atomics)
