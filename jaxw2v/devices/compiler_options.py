"""How XLA is to compile the programs of a run."""

from __future__ import annotations

import os
import re

import jaxlib

Options = dict[str, str | bool]

# Loops and conditionals inside a CUDA graph: the host need not read how many rounds are left.
COMMAND_BUFFER = "xla_gpu_enable_command_buffer"
GRAPHS: Options = {
    COMMAND_BUFFER: "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,WHILE,CONDITIONAL",
    "xla_gpu_graph_min_graph_size": "1",
}
# No kernel is chosen by trying it, which may end otherwise the next time; Triton's have to be.
SAME_BITS: Options = {"xla_gpu_deterministic_ops": True, "xla_gpu_enable_triton_gemm": False}
# Before 0.11.1 jaxlib adds floats by compare-and-swap where subnormal ones are kept (jax issue
# 38806, xla issue 46225): rows of odd width on Hopper, all on Ampere, some 450 times slower.
NATIVE_ATOMICS: Options = {"xla_gpu_ftz": True}
FIRST_WITH_NATIVE_ATOMICS = (0, 11, 1)


def compiler_options(
    platform: str, deterministic: bool = False, jaxlib_version: str = jaxlib.__version__
) -> Options | None:
    """The options of a program; those of CUDA graphs are left out where ``XLA_FLAGS`` sets them.

    Args:
      platform: ``cpu``, ``gpu`` or ``tpu``.
      deterministic: whether a GPU gives the same bits in every run.
      jaxlib_version: that of the compiler.

    Returns:
      Options by name; ``None`` for those of XLA.

    Example:
      >>> compiler_options("cpu") is None
      True
    """
    if platform != "gpu":
        return None
    options: Options = {}
    if COMMAND_BUFFER not in os.environ.get("XLA_FLAGS", ""):
        options |= GRAPHS
    if deterministic:
        options |= SAME_BITS
    numbers = tuple(int(n) for n in re.findall(r"\d+", jaxlib_version)[:3])
    if numbers < FIRST_WITH_NATIVE_ATOMICS:
        options |= NATIVE_ATOMICS
    return options or None
