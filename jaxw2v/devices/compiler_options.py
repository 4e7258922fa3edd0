"""How XLA is to compile the programs of a run."""

from __future__ import annotations

import os

# Loops and conditionals inside a CUDA graph: the host need not read how many rounds are left.
COMMAND_BUFFER = "xla_gpu_enable_command_buffer"
GRAPHS: dict[str, str] = {
    COMMAND_BUFFER: "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,WHILE,CONDITIONAL",
    "xla_gpu_graph_min_graph_size": "1",
}
# No kernel is chosen by trying it, which may end otherwise the next time; Triton's have to be.
SAME_BITS = {"xla_gpu_deterministic_ops": True, "xla_gpu_enable_triton_gemm": False}

Options = dict[str, str | bool]


def compiler_options(platform: str, deterministic: bool = False) -> Options | None:
    """The options of a program; what the user says in ``XLA_FLAGS`` of graphs goes first.

    Args:
      platform: ``cpu``, ``gpu`` or ``tpu``.
      deterministic: whether a GPU gives the same bits in every run.

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
    return options or None
