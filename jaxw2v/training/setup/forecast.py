"""What a run of a given size would take, without text and without the devices."""

from __future__ import annotations

import functools
import math

import numpy as np

from jaxw2v.config import Config
from jaxw2v.devices.mesh import GIB, check_blocks, mesh_name, parse_mesh, what_fits
from jaxw2v.errors import InputError
from jaxw2v.training.setup.footprint import Footprint
from jaxw2v.training.setup.job import Job, make_job
from jaxw2v.training.setup.layouts import check_mesh, meshes

MIB = 2**20


def zipf_weights(vocabulary_size: int) -> np.ndarray:
    r"""Zipf's law.

    .. math:: 1 / (v + 2.7)

    Args:
      vocabulary_size: V, words.

    Returns:
      float64 [V], how often words occur, up to a factor.

    Reference:
      Mandelbrot 1953, "An informational theory of the statistical structure of language".

    Example:
      >>> zipf_weights(2).round(3).tolist()
      [0.37, 0.27]
    """
    return 1 / (np.arange(vocabulary_size) + 2.7)


def zipf_counts(vocabulary_size: int, tokens: int) -> np.ndarray:
    """Occurrences by Zipf's law, as :func:`zipf_weights` has it.

    Args:
      vocabulary_size: V, words.
      tokens: the tokens of the corpus (words).

    Returns:
      int64 [V], 1 or more.

    Example:
      >>> zipf_counts(3, 100).tolist()
      [43, 31, 24]
    """
    weights = zipf_weights(vocabulary_size)
    return np.maximum(weights / weights.sum() * tokens, 1).astype(np.int64)


def forecast(config: Config, vocabulary_size: int, tokens: int, mesh: str) -> tuple[Job, Footprint]:
    """Computes the footprint of a run on accelerators.

    Args:
      config: the settings.
      vocabulary_size: V, words.
      tokens: the tokens of the corpus (words).
      mesh: devices along data, vocab and dim, such as ``8x8`` or ``1x1x8``.

    Returns:
      The job and its footprint.

    Raises:
      InputError: a number is out of range, or the job needs whole tables.

    Example:
      >>> _, footprint = forecast(Config(embedding_dim=100), 100_000, 10**8, "1x8")
      >>> footprint.memory()["tables"] == 2 * 100_096 * 100 * 4 // 8
      True
    """
    if vocabulary_size < 2 or tokens < vocabulary_size:
        raise InputError(
            f"vocab is {vocabulary_size} and corpus_tokens {tokens}; give 2 words or more, and as "
            "many tokens at least"
        )
    job = make_job(config, zipf_counts(vocabulary_size, tokens), None, on_cpu=False)
    shape = parse_mesh(mesh)
    check_mesh(job, shape)
    check_blocks(shape, job.plan.blocks_per_step)
    return job, job.footprint(shape)


def report(job: Job, footprint: Footprint, device_memory: int) -> str:
    """Says what a run takes, and which meshes of as many devices would hold it.

    Args:
      job: what the run does.
      footprint: the footprint of the run.
      device_memory: the memory of each device (bytes).

    Returns:
      Lines of text.
    """
    count = math.prod(footprint.mesh)
    plan = job.plan
    lines = [
        f"{len(job.keep):,} words of {job.config.embedding_dim} components, "
        f"{plan.tokens_per_step:,} tokens a step, mesh {mesh_name(footprint.mesh)}",
        "memory of each device, MiB",
        *_table(footprint.memory()),
        _line("at the peak", footprint.peak),
        "results of communication on each device, MiB a step",
        *_table(footprint.traffic()),
        f"as many devices ({count}) of {device_memory / GIB:.4g} GiB, with other meshes",
    ]
    of_count = functools.partial(meshes, job, by_columns=True)
    for shape in of_count(count):
        other = job.footprint(shape)
        verdict = "fits" if other.peak <= device_memory else "does not fit"
        lines.append(
            f"  {mesh_name(shape):12} {other.peak / MIB:14,.1f} MiB, "
            f"{sum(other.traffic().values()) / MIB:10,.1f} MiB a step  {verdict}"
        )
    if footprint.peak > device_memory:
        lines.append(what_fits(lambda shape: job.footprint(shape).peak, device_memory, of_count))
    return "\n".join(lines)


def _table(values: dict[str, int]) -> list[str]:
    rows = [*values.items(), ("total", sum(values.values()))]
    return [_line(name, value) for name, value in rows]


def _line(name: str, value: int) -> str:
    return f"  {name:12} {value / MIB:14,.1f}"
