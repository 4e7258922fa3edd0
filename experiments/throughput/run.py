"""Words a second on one device, beside what its memory and its arithmetic allow.

The text is synthetic: tokens drawn independently from Zipf's law, so that a GPU can be kept busy
without a corpus at hand. See README.md beside this.
"""

from __future__ import annotations

import collections
import dataclasses
import glob
import importlib.metadata
import os
import platform
import re
import statistics
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import tyro

import jaxw2v
from experiments import results_file
from jaxw2v.corpus import TokenStream, Vocabulary
from jaxw2v.sampling import keep_probability
from jaxw2v.training import fit
from jaxw2v.training.forecast import zipf_weights

HERE = Path(__file__).parent
SENTENCE = 25
# On a CPU the profile also holds Python frames, compiler passes and the thread pool's regions.
CPU_KERNEL = re.compile(r"(\w+_fusion|wrapped_\w+|copy|sort|dot|convolution)(\.\d+)?$")
KERNELS = 20


@dataclasses.dataclass(frozen=True)
class Case:
    """One training run."""

    name: str
    embedding_dim: int
    window: int
    num_negatives: int
    epochs: int


CASES = {
    case.name: case
    for case in (
        Case("dim128", 128, 5, 5, 2),
        Case("dim300", 300, 5, 5, 2),
        Case("pytorch_blog", 300, 8, 50, 5),
    )
}


@dataclasses.dataclass(frozen=True)
class Throughput:
    """Words a second on one device, with its floors and its profile."""

    cases: tuple[str, ...] = tuple(CASES)
    """What to run: dim128 and dim300 (window 5, 5 negatives), pytorch_blog (window 8, 50)."""
    tokens: int = 77_500_000
    """Tokens of the synthetic corpus; WikiText-103 has 77.5 million above min_count 50 (words)."""
    vocabulary: int = 80_000
    """Distinct words (words)."""
    results: Path = HERE / "results.json"
    """File that receives the results."""
    smoke: bool = False
    """A few thousand tokens only."""


def synthetic_stream(tokens: int, vocabulary: int, seed: int = 0) -> TokenStream:
    """Tokens drawn from Zipf's law, in sentences of equal length.

    Args:
      tokens: how many (words).
      vocabulary: V, distinct words (words).
      seed: of the draws.

    Returns:
      The stream; words that were never drawn count once.
    """
    weights = zipf_weights(vocabulary)
    edges = np.cumsum(weights) / weights.sum()
    draws = np.random.default_rng(seed).random(tokens, np.float32)
    ids = np.searchsorted(edges[:-1], draws).astype(np.int32)
    counts = np.maximum(np.bincount(ids, minlength=vocabulary), 1)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(vocabulary, np.int32)
    rank[order] = np.arange(vocabulary, dtype=np.int32)
    words = tuple(f"w{i}" for i in range(vocabulary))
    ends = np.append(np.arange(SENTENCE, tokens, SENTENCE), tokens)
    return TokenStream.from_arrays(rank[ids], ends, Vocabulary(words, counts[order]), tokens)


def count_step(config: jaxw2v.Config, counts: np.ndarray, tokens_per_step: int) -> dict:
    """Bytes that a step must move and operations that it must do.

    Every row is gathered once a use, its gradient added once a use, and each distinct row moved
    once with its moment; products are those of the block form.

    Args:
      config: the settings.
      counts: int [V], occurrences.
      tokens_per_step: T (words).

    Returns:
      ``bytes`` and ``flops`` of one step.
    """
    row = 4 * config.embedding_dim
    per_token = config.negatives_per_block / config.block_length
    uses = tokens_per_step, tokens_per_step * (1 + per_token)
    distinct = sum(chance.sum() for chance in chance_of_touching(config, counts, tokens_per_step))
    moved = sum(uses) * row * (1 + 2) + distinct * row * (1 + 2 * 2)
    width = config.block_length + config.negatives_per_block
    return {
        "bytes": moved,
        "flops": 3 * 2 * tokens_per_step * width * config.embedding_dim,
        "distinct_rows": distinct,
    }


def shares_drawn(config: jaxw2v.Config, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each word is a kept token, and how often a negative.

    Args:
      config: the settings.
      counts: int [V], occurrences.

    Returns:
      Two float64 [V], each summing to 1.
    """
    kept = counts * keep_probability(counts, config.subsample_threshold)
    noise = counts**config.noise_exponent
    return kept / kept.sum(), noise / noise.sum()


def chance_of_touching(
    config: jaxw2v.Config, counts: np.ndarray, tokens_per_step: int
) -> tuple[np.ndarray, np.ndarray]:
    """The chance that a step touches each row of the input table, and of the output table.

    Args:
      config: the settings.
      counts: int [V], occurrences.
      tokens_per_step: T (words).

    Returns:
      Two float64 [V].
    """
    kept, noise = shares_drawn(config, counts)
    negatives = tokens_per_step * config.negatives_per_block / config.block_length
    absent = (1 - kept) ** tokens_per_step
    return 1 - absent, 1 - absent * (1 - noise) ** negatives


def measured_ceilings(size: int, copied_bytes: int) -> dict:
    """Bytes a second of an addition and operations a second of one large product.

    Args:
      size: rows of the square matrices of the product.
      copied_bytes: size of the array of the addition, too large for any cache.

    Returns:
      ``bytes_per_second`` and ``flops_per_second``, the best of five.
    """
    matrix, array = jnp.ones((size, size), jnp.float32), jnp.ones(copied_bytes // 4, jnp.float32)
    add = jax.jit(lambda a: a + 1)
    product = jax.jit(lambda a: jnp.dot(a, a, precision=jax.lax.Precision.HIGHEST))
    return {
        "bytes_per_second": 2 * array.nbytes / _fastest(add, array),
        "flops_per_second": 2 * size**3 / _fastest(product, matrix),
    }


def _fastest(function, argument) -> float:
    jax.block_until_ready(function(argument))
    times = []
    for _ in range(5):
        started = time.perf_counter()
        jax.block_until_ready(function(argument))
        times.append(time.perf_counter() - started)
    return min(times)


def run_case(case: Case, stream: TokenStream, ceilings: dict) -> dict:
    """Trains, then profiles a short run.

    Args:
      case: what to train.
      stream: the corpus.
      ceilings: from :func:`measured_ceilings`.

    Returns:
      What was measured.
    """
    config = jaxw2v.Config(
        embedding_dim=case.embedding_dim,
        window=case.window,
        num_negatives=case.num_negatives,
        epochs=case.epochs,
    )
    records: list[dict] = []

    def keep(wv, metrics):
        records[:] = metrics

    fit(stream, config, on_epoch=keep, show_progress=False)
    speed = statistics.median(record["words_per_second"] for record in records)
    step = count_step(config, stream.vocabulary.counts, records[0]["tokens_per_step"])
    counts = stream.vocabulary.counts
    kept = (counts * keep_probability(counts, config.subsample_threshold)).sum() / counts.sum()
    seconds = records[0]["tokens_per_step"] / kept / speed
    floors = {
        "memory": step["bytes"] / ceilings["bytes_per_second"],
        "arithmetic": step["flops"] / ceilings["flops_per_second"],
    }
    part = min(len(stream), 4 * records[0]["tokens_per_step"] * SENTENCE)
    part -= part % SENTENCE
    ids, ends = stream.read(0, part)[0], np.arange(SENTENCE, part + 1, SENTENCE)
    short = TokenStream.from_arrays(ids, ends, stream.vocabulary, part)
    device = jax.devices()[0]
    return {
        **dataclasses.asdict(case),
        "words_per_second": speed,
        "seconds": sum(record["seconds"] for record in records),
        "compile_seconds": records[0]["compile_seconds"],
        "tokens_per_step": records[0]["tokens_per_step"],
        "step_milliseconds": 1e3 * seconds,
        "step": step,
        "floor_milliseconds": {name: 1e3 * floor for name, floor in floors.items()},
        "share_of_floor": max(floors.values()) / seconds,
        "peak_device_bytes": (device.memory_stats() or {}).get("peak_bytes_in_use"),
        "kernels": profile(short, dataclasses.replace(config, epochs=1)),
    }


def profile(stream: TokenStream, config: jaxw2v.Config) -> list[dict]:
    """The kernels that take the most time.

    Args:
      stream: a short corpus.
      config: the settings.

    Returns:
      Name, calls and milliseconds, the longest first.
    """
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            fit(stream, config, show_progress=False)
        path = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)[0]
        planes = list(jax.profiler.ProfileData.from_file(path).planes)
    on_device = [plane for plane in planes if plane.name.startswith("/device:")]
    total: collections.Counter = collections.Counter()
    calls: collections.Counter = collections.Counter()
    for plane in on_device or planes:
        for line in plane.lines:
            if on_device and "Stream" not in line.name:
                continue
            for event in line.events:
                if on_device or CPU_KERNEL.match(event.name):
                    total[event.name] += event.duration_ns
                    calls[event.name] += 1
    return [
        {"name": name, "calls": calls[name], "milliseconds": time / 1e6}
        for name, time in total.most_common(KERNELS)
    ]


def measure(throughput: Throughput) -> dict:
    """Runs all cases and writes the results.

    Args:
      throughput: the settings.

    Returns:
      The content of the results file.
    """
    results_file.check_folder(throughput.results)
    tokens, vocabulary = throughput.tokens, throughput.vocabulary
    size, copied_bytes = (2_048 if jax.default_backend() == "cpu" else 8_192), 1 << 29
    if throughput.smoke:
        tokens, vocabulary, size, copied_bytes = 20_000, 500, 64, 1 << 16
    stream = synthetic_stream(tokens, vocabulary)
    ceilings = measured_ceilings(size, copied_bytes)
    runs = []
    for name in throughput.cases:
        runs.append(run_case(CASES[name], stream, ceilings))
        print(_line(runs[-1]), flush=True)
    results = {
        "runs": runs,
        "ceilings": ceilings,
        "tokens": tokens,
        "vocabulary": vocabulary,
        "hardware": {"device": jax.devices()[0].device_kind, "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("jax", "jaxlib", "optax")},
        },
    }
    results_file.write(throughput.results, results)
    return results


def _line(run: dict) -> str:
    return (
        f"{run['name']:13} {run['words_per_second'] / 1e6:8.3f} M words/s  "
        f"{run['seconds']:7.1f} s for {run['epochs']} epochs  step {run['step_milliseconds']:.2f} "
        f"ms, floors {run['floor_milliseconds']['memory']:.2f} (memory) "
        f"{run['floor_milliseconds']['arithmetic']:.2f} (arithmetic) ms  "
        f"compile {run['compile_seconds']:.1f} s"
    )


if __name__ == "__main__":
    measure(tyro.cli(Throughput, description=__doc__))
