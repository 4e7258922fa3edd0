"""Compiles the training program for devices that are not there, and says what became of it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from jaxw2v.devices.columns import local_width
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import Shape, mesh_name
from jaxw2v.devices.storage_order import num_rows
from jaxw2v.devices.targets import Target, target_mesh
from jaxw2v.errors import InputError
from jaxw2v.training.ahead.gpu_text import compare_and_swaps, float_atomics, host_reads
from jaxw2v.training.ahead.products import product_flops
from jaxw2v.training.ahead.program_text import Program
from jaxw2v.training.setup.job import Job
from jaxw2v.training.setup.layouts import lay_out
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.program import lower_training, training_arguments

THUNKS = "*thunk_sequence_after_thunk_passes.txt"
# Nothing is there to try kernels on; what XLA makes of the program goes to a folder.
_CUDA_OPTIONS = {"xla_gpu_autotune_level": "0", "xla_dump_emitter_re": ".*"}


@dataclasses.dataclass(frozen=True)
class CompiledPlan:
    """What a step does on each device, read from the compiled program.

    The work of a chunk outside of its steps is divided by the steps of a chunk.

    Attributes:
      target: the kind of device.
      mesh: devices along data, vocab and dim, such as ``1x8`` or ``1x1x8``.
      tokens_per_step: kept tokens in a step, on all devices.
      operations_per_step: leaf operations, as :mod:`~jaxw2v.training.ahead.program_text` counts.
      unknown_trip_loops: loops of which the host has to learn how many rounds are left.
      conditionals: conditionals that the host has to decide.
      compare_and_swap: compare-and-swap instructions in the kernels; ``None`` for a TPU, which
        has none.
      float_atomics: atomic additions of floats in the kernels, which give other bits in every run;
        ``None`` for a TPU, which has none.
      argument_bytes: tables, moments, the chunk and what is made from the vocabulary.
      temporary_bytes: what else the program takes.
      collective_bytes_per_step: the operands or the results of collectives, whichever are more,
        twice for sums that every device gets.
      row_bytes_per_token: rows of the tables and of gradients that the operations read or write
        in main memory, for each kept token of a step; a cache may hold some of them.
      row_bytes_per_token_floor: the least: each distinct word of a step read and written once in
        both tables, with its moments.
      seconds_rows: row_bytes_per_token_floor times the tokens over the memory's bandwidth (s).
      seconds_products: operations of matrix products over the device's rate (s).
      seconds_collectives: collective_bytes_per_step over the bandwidth of a link (s).
      seconds_launches: operations_per_step times what an operation takes at least (s).
      seconds_floor: the largest of the four (s a step). A floor, not a forecast.
    """

    target: str
    mesh: str
    tokens_per_step: int
    operations_per_step: float
    unknown_trip_loops: int
    conditionals: int
    compare_and_swap: int | None
    float_atomics: int | None
    argument_bytes: int
    temporary_bytes: int
    collective_bytes_per_step: int
    row_bytes_per_token: float
    row_bytes_per_token_floor: float
    seconds_rows: float
    seconds_products: float
    seconds_collectives: float
    seconds_launches: float
    seconds_floor: float


def compile_ahead(job: Job, counts: np.ndarray, target: Target, shape: Shape) -> CompiledPlan:
    """Compiles the training program of a job for a mesh of devices.

    Args:
      job: what the run does.
      counts: int [V], occurrences, by which the kept tokens of a chunk are estimated.
      target: the kind of device.
      shape: devices along data, vocab and dim.

    Returns:
      What the program does.

    Raises:
      InputError: the compiler is not there, or the mesh is larger than the target.
    """
    layout = lay_out(job, target_mesh(target, shape), on_cpu=False)
    lowered = lower_training(job, layout)
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, str | bool] = {}
        if target.platform == "cuda":
            options = {**_CUDA_OPTIONS, "xla_dump_to": folder}
        try:
            compiled = lowered.compile(compiler_options=options)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise InputError(
                f"target {target.name}: the program does not fit into its memory; shard the tables "
                "over more devices (--mesh), or take a smaller --embedding-dim"
            ) from None
        dumped = _Dumped.read(Path(folder))
    text, memory = compiled.as_text(), compiled.memory_analysis()
    assert text is not None
    assert memory is not None
    program = Program(text)
    loops = [loop for loop in program.loops(program.entry) if program.rounds(loop) is None]
    waits = (0, 0)
    if target.platform == "cuda":
        waits = host_reads(dumped.thunks) if dumped.thunks else (len(loops), len(loops))
    operations, collectives, rows = _per_step(
        program, job, counts, local_width(job.config.embedding_dim, shape[2])
    )
    tokens, least = job.plan.tokens_per_step, _least_row_bytes(job, counts, shape)
    terms = {
        "seconds_rows": least / target.memory_bandwidth,
        "seconds_products": _flops(job) / layout.num_devices / target.flops[job.config.precision],
        "seconds_collectives": collectives / target.link_bandwidth,
        "seconds_launches": operations * target.launch,
    }
    return CompiledPlan(
        target=target.name,
        mesh=mesh_name(shape),
        tokens_per_step=tokens,
        operations_per_step=round(operations, 1),
        unknown_trip_loops=waits[0],
        conditionals=waits[1],
        compare_and_swap=dumped.instructions(compare_and_swaps),
        float_atomics=dumped.instructions(float_atomics),
        argument_bytes=memory.argument_size_in_bytes,
        temporary_bytes=memory.temp_size_in_bytes,
        collective_bytes_per_step=round(collectives),
        row_bytes_per_token=round(rows / tokens, 1),
        row_bytes_per_token_floor=round(least / tokens, 1),
        **terms,
        seconds_floor=max(terms.values()),
    )


class _Dumped(NamedTuple):
    """What the compiler for a GPU left in a folder; ``assembly`` is ``None`` for another."""

    thunks: str
    assembly: str | None

    @classmethod
    def read(cls, folder: Path) -> _Dumped:
        thunks, assembly = (
            "\n".join(path.read_text() for path in folder.glob(pattern))
            for pattern in (THUNKS, "*.ptx")
        )
        return cls(thunks, assembly or None)

    def instructions(self, found: Callable[[str], int]) -> int | None:
        return None if self.assembly is None else found(self.assembly)


def _per_step(
    program: Program, job: Job, counts: np.ndarray, width: int
) -> tuple[float, float, float]:
    """Operations, bytes of collectives and bytes of rows of a step, with its share of a chunk's."""
    config, plan = job.config, job.plan
    by_pair = config.subsample_formula == "percentile"
    kept = 1.0 if by_pair else float((job.keep * counts).sum() / counts.sum())
    steps = max(1.0, kept * plan.chunk_tokens / plan.tokens_per_step)
    body = program.steps_loop().computations("body")[0]
    in_steps = _sums(program, body, width)
    # The loop over the steps counts one round of the whole.
    in_chunk = _sums(program, program.entry, width)
    operations, collectives, rows = (
        step + (chunk - step) / steps for step, chunk in zip(in_steps, in_chunk, strict=True)
    )
    return operations, collectives, rows


def _least_row_bytes(job: Job, counts: np.ndarray, shape: Shape) -> float:
    """Of each device in a step: every distinct word, read and written once in both tables."""
    share = job.keep * counts / (job.keep * counts).sum()
    distinct = -np.expm1(-job.plan.tokens_per_step * share).sum()
    memory = job.footprint(shape).memory()
    bytes_of_rows = memory["tables"] + memory["moments"]
    return 2 * distinct * bytes_of_rows / num_rows(len(counts))


def _sums(program: Program, computation: str, width: int) -> tuple[float, float, float]:
    operations = collectives = rows = 0
    for where, leaf, times in program.leaves(computation):
        operations += times
        collectives += times * program.collective_bytes(leaf, where)
        rows += times * program.row_bytes(leaf, where, width)
    return operations, collectives, rows


def _flops(job: Job) -> int:
    """Of the products of a step, on all devices."""
    layout = Layout(None, len(job.keep), job.config.embedding_dim)
    traced = jax.make_jaxpr(make_train_chunk(job, layout.shards))(*training_arguments(job, layout))
    micro_batches = job.plan.blocks_per_step // job.plan.blocks_per_micro_batch
    return product_flops(traced.jaxpr) * micro_batches


def report(plan: CompiledPlan) -> str:
    """Says it in lines.

    Args:
      plan: what was read from the program.

    Returns:
      Lines of text.
    """
    mib = 2**20
    if plan.compare_and_swap is None:
        waits = "on the device"
    else:
        waits = (
            f"{plan.unknown_trip_loops} loops and {plan.conditionals} conditionals that the host "
            f"reads, {plan.compare_and_swap} compare-and-swap, {plan.float_atomics} additions "
            "in no fixed order"
        )
    terms = {
        "rows": plan.seconds_rows,
        "products": plan.seconds_products,
        "collectives": plan.seconds_collectives,
        "launches": plan.seconds_launches,
    }
    return "\n".join(
        [
            f"compiled for {plan.target}, mesh {plan.mesh}, for each device and step of "
            f"{plan.tokens_per_step:,} tokens",
            f"  memory       {plan.argument_bytes / mib:14,.1f} MiB of arguments, "
            f"{plan.temporary_bytes / mib:,.1f} of temporaries",
            f"  operations   {plan.operations_per_step:14,.1f}; {waits}",
            f"  collectives  {plan.collective_bytes_per_step / mib:14,.1f} MiB",
            f"  rows         {plan.row_bytes_per_token:14,.1f} bytes a token, "
            f"{plan.row_bytes_per_token_floor:,.1f} at least",
            f"  no less than {1e6 * plan.seconds_floor:14,.1f} us: "
            + ", ".join(f"{name} {1e6 * seconds:,.1f}" for name, seconds in terms.items()),
        ]
    )
