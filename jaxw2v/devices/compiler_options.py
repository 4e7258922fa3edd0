"""How XLA is to compile the programs of a run."""

from __future__ import annotations

import os

# Loops and conditionals inside a CUDA graph: the host need not read how many rounds are left.
COMMAND_BUFFER = "xla_gpu_enable_command_buffer"
GPU_OPTIONS = {
    COMMAND_BUFFER: "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,WHILE,CONDITIONAL",
    "xla_gpu_graph_min_graph_size": "1",
}


def compiler_options(platform: str) -> dict[str, str] | None:
    """The options of a program; what the user says in ``XLA_FLAGS`` goes first.

    Args:
      platform: ``cpu``, ``gpu`` or ``tpu``.

    Returns:
      Options by name; ``None`` for those of XLA.

    Example:
      >>> compiler_options("cpu") is None
      True
    """
    if platform != "gpu" or COMMAND_BUFFER in os.environ.get("XLA_FLAGS", ""):
        return None
    return GPU_OPTIONS
