"""Words a second by each setting, beside what memory and arithmetic allow, and beside peers.

The text is synthetic: tokens drawn independently from Zipf's law, so that a GPU can be kept busy
without a corpus at hand. See README.md beside this.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import statistics
from pathlib import Path
from typing import ClassVar, Literal

import jax
import numpy as np

import jaxw2v
from experiments import markdown, pictures
from experiments.experiment import Experiment, Parts
from experiments.fitting import fit_and_measure
from experiments.throughput.floors import count_step, measured_ceilings
from experiments.throughput.kernels import profile
from experiments.throughput.peers import measure_peers
from experiments.throughput.synthetic import SENTENCE, synthetic_stream
from jaxw2v.corpus import TokenStream
from jaxw2v.training import make_job

PARTS = ("cases", "sweep", "devices", "peers")
CASES = {
    "dim128": {"embedding_dim": 128},
    "dim300": {"embedding_dim": 300},
    "pytorch_blog": {"embedding_dim": 300, "window": 8, "num_negatives": 50, "epochs": 5},
}
SHARED = {"epochs": 2, "subsample_threshold": 1e-4}
"""Settings of every run that does not say otherwise, and of the other programs."""
VARIED = {
    "embedding_dim": (64, 100, 128, 200, 300),
    "window": (2, 5, 10, 15),
    "negatives_per_block": (16, 32, 64, 128),
    "tokens_per_step": (4_096, 16_384, 65_536, 262_144),
    "vocabulary": (10_000, 80_000, 640_000),
}
LABELS = {
    "embedding_dim": "dimension (components)",
    "window": "window (words)",
    "negatives_per_block": "negatives shared by a block (words)",
    "tokens_per_step": "tokens in a step (words)",
    "vocabulary": "vocabulary (words)",
}
DIMENSION = 100
"""Dimension of the sweep, of the devices and of the peers (components)."""


@dataclasses.dataclass(frozen=True)
class Throughput(Experiment):
    """Words a second by each setting, with floors and profile, and of other programs."""

    SMOKE: ClassVar[dict] = {"tokens": 20_000, "sweep_tokens": 20_000, "vocabulary": 500}

    parts: tuple[Literal[PARTS], ...] = PARTS
    """Three cases with their kernels; each setting varied alone; devices; other programs."""
    cases: tuple[str, ...] = tuple(CASES)
    """Which cases: dim128 and dim300 (window 5, 5 negatives), pytorch_blog (window 8, 50)."""
    tokens: int = 77_500_000
    """Tokens of the synthetic corpus of the cases; WikiText-103 has 77.5 million above min_count
    50 (words)."""
    sweep_tokens: int = 8_000_000
    """Tokens of the corpus of the other parts (words)."""
    vocabulary: int = 80_000
    """Distinct words (words)."""

    def work(self) -> Parts:
        """What is asked for."""
        size, copied_bytes = (2_048 if jax.default_backend() == "cpu" else 8_192), 1 << 29
        if self.smoke:
            size, copied_bytes = 64, 1 << 16
        ceilings = measured_ceilings(size, copied_bytes)
        parts = {"cases": run_cases, "sweep": run_sweep, "devices": run_devices, "peers": run_peers}
        return {part: functools.partial(parts[part], self, ceilings) for part in self.parts}

    def show(self, results: dict) -> None:
        """Draws the sweep."""
        if "sweep" in results:
            draw(results["sweep"], self.results.with_name("words_per_second.png"))


def train(stream: TokenStream, config: jaxw2v.Config, ceilings: dict, mesh: str | None) -> dict:
    """Trains and compares the time of a step with its floors.

    Args:
      stream: the corpus.
      config: the settings.
      ceilings: from :func:`measured_ceilings`.
      mesh: devices along data, vocab and dim.

    Returns:
      What was measured.
    """
    _, records = fit_and_measure(stream, config, mesh)
    speed = statistics.median(record["words_per_second"] for record in records)
    counts, tokens_per_step = stream.vocabulary.counts, records[0]["tokens_per_step"]
    step = count_step(config, counts, tokens_per_step)
    kept = (counts * make_job(config, counts).keep).sum() / counts.sum()
    seconds = tokens_per_step / kept / speed
    floors = {
        "memory": step["bytes"] / ceilings["bytes_per_second"],
        "arithmetic": step["flops"] / ceilings["flops_per_second"],
    }
    return {
        "device": jax.devices()[0].device_kind,
        "ceilings": ceilings,
        "tokens": len(stream),
        "words": len(counts),
        "words_per_second": speed,
        "seconds": sum(record["seconds"] for record in records),
        "compile_seconds": records[0]["compile_seconds"],
        "tokens_per_step": tokens_per_step,
        "step_milliseconds": 1e3 * seconds,
        "step": step,
        "floor_milliseconds": {name: 1e3 * floor for name, floor in floors.items()},
        "share_of_floor": {name: floor / seconds for name, floor in floors.items()},
    }


def run_case(name: str, stream: TokenStream, ceilings: dict) -> dict:
    """Trains, then profiles a short run.

    Args:
      name: of the case.
      stream: the corpus.
      ceilings: from :func:`measured_ceilings`.

    Returns:
      What was measured.
    """
    config = jaxw2v.Config(**{**SHARED, **CASES[name]})
    found = train(stream, config, ceilings, mesh=None)
    part = min(len(stream), 4 * found["tokens_per_step"] * SENTENCE)
    part -= part % SENTENCE
    ids, ends = stream.read(0, part)[0], np.arange(SENTENCE, part + 1, SENTENCE)
    short = TokenStream.from_arrays(ids, ends, stream.vocabulary, part)
    record = {
        "name": name,
        **CASES[name],
        **found,
        "peak_device_bytes": (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use"),
        "kernels": profile(short, dataclasses.replace(config, epochs=1)),
    }
    print(line(name, record), flush=True)
    return record


def run_cases(settings: Throughput, ceilings: dict) -> list[dict]:
    """Trains the cases.

    Args:
      settings: the settings.
      ceilings: from :func:`measured_ceilings`.

    Returns:
      A record for each.
    """
    stream = synthetic_stream(settings.tokens, settings.vocabulary)
    return [run_case(name, stream, ceilings) for name in settings.cases]


def run_sweep(settings: Throughput, ceilings: dict) -> list[dict]:
    """Varies each setting alone.

    Args:
      settings: of the experiment.
      ceilings: from :func:`measured_ceilings`.

    Returns:
      A record for each value.
    """
    records, streams = [], {}
    for varied, values in VARIED.items():
        for value in values[: 1 if settings.smoke else None]:
            words = value if varied == "vocabulary" and not settings.smoke else settings.vocabulary
            if words not in streams:
                streams = {words: synthetic_stream(settings.sweep_tokens, words)}
            given = {} if varied == "vocabulary" else {varied: value}
            config = jaxw2v.Config(**{"embedding_dim": DIMENSION, **SHARED, **given})
            found = train(streams[words], config, ceilings, mesh=None)
            records.append({"varied": varied, "value": value, **found})
            print(line(f"{varied} {value}", found), flush=True)
    return records


def run_devices(settings: Throughput, ceilings: dict) -> list[dict]:
    """Trains on 1, 2, 4 and more of this machine's devices, with copies and with tables cut.

    Args:
      settings: of the experiment.
      ceilings: from :func:`measured_ceilings`.

    Returns:
      A record for each mesh.
    """
    stream = synthetic_stream(settings.sweep_tokens, settings.vocabulary)
    config = jaxw2v.Config(embedding_dim=DIMENSION, **SHARED)
    records, number = [], 1
    while number <= jax.device_count():
        for mesh in sorted({f"{number}x1", f"1x{number}"}, reverse=True):
            found = train(stream, config, ceilings, mesh)
            records.append({"mesh": mesh, "devices": number, **found})
            print(line(f"mesh {mesh}", found), flush=True)
        number *= 2
    return records


def run_peers(settings: Throughput, ceilings: dict) -> list[dict]:
    """jaxw2v and other programs on the same words, with as many threads as there are cores.

    Args:
      settings: of the experiment.
      ceilings: from :func:`measured_ceilings`.

    Returns:
      A record for each program.
    """
    stream = synthetic_stream(settings.sweep_tokens, settings.vocabulary)
    config = jaxw2v.Config(embedding_dim=DIMENSION, **SHARED)
    ours = train(stream, config, ceilings, mesh=None)["words_per_second"]
    records = [{"program": "jaxw2v", "words_per_second": ours}]
    records += measure_peers(stream, config, os.cpu_count() or 1)
    for record in records:
        record["times_slower"] = ours / record["words_per_second"]
        print(record, flush=True)
    return records


def draw(sweep: list[dict], path: Path) -> None:
    """Draws words a second, and the share of each floor, by each setting.

    Args:
      sweep: of :func:`run_sweep`.
      path: the PNG file.
    """
    figure, axes = pictures.panels(len(VARIED), rows=2, height=2.8)
    figure.set_size_inches(3.0 * len(VARIED), 5.6)
    fastest = max(row["words_per_second"] for row in sweep) / 1e6
    highest = max(share for row in sweep for share in row["share_of_floor"].values())
    for number, name in enumerate(VARIED):
        rows = [row for row in sweep if row["varied"] == name]
        values = [row["value"] for row in rows]
        above, below = axes[number], axes[number + len(VARIED)]
        speeds = [row["words_per_second"] / 1e6 for row in rows]
        above.plot(values, speeds, **pictures.look(0))
        for place, floor in enumerate(("memory", "arithmetic"), start=1):
            shares = [100 * row["share_of_floor"][floor] for row in rows]
            below.plot(values, shares, label=f"{floor} floor", **pictures.look(place))
        above.set(ylim=(0, 1.1 * fastest), xscale="log")
        below.set(ylim=(0, 110 * highest), xscale="log", xlabel=LABELS[name])
        for ax in (above, below):
            ax.set_xticks(values, [f"{value:,}" for value in values], fontsize=7)
            ax.minorticks_off()
    axes[0].set(ylabel="million words/s")
    axes[len(VARIED)].set(ylabel="floor / time of a step (%)")
    axes[len(VARIED)].legend(fontsize=8)
    pictures.save(figure, path)


def line(name: str, found: dict) -> str:
    """A run as a line of text.

    Args:
      name: of the run.
      found: from :func:`train`.

    Returns:
      The line.
    """
    floors = found["floor_milliseconds"]
    return (
        f"{name:26} {found['words_per_second'] / 1e6:8.3f} M words/s  step "
        f"{found['step_milliseconds']:.2f} ms, floors {floors['memory']:.2f} (memory) "
        f"{floors['arithmetic']:.2f} (arithmetic) ms  compile {found['compile_seconds']:.1f} s"
    )


def cases_table(cases: list[dict]) -> str:
    """Speed and floors of the cases as a Markdown table.

    Args:
      cases: of :func:`run_cases`.

    Returns:
      The table.
    """
    return markdown.table(
        ("case", "words/s", "step", "memory floor", "arithmetic floor"),
        (
            (
                case["name"],
                f"{case['words_per_second'] / 1e6:.2f} M",
                f"{case['step_milliseconds']:.1f} ms",
                *(f"{case['floor_milliseconds'][n]:.1f} ms" for n in ("memory", "arithmetic")),
            )
            for case in cases
        ),
    )


def peers_table(peers: list[dict]) -> str:
    """Programs on the same words as a Markdown table.

    Args:
      peers: of :func:`run_peers`.

    Returns:
      The table.
    """
    return markdown.table(
        ("program", "words/s", "jaxw2v is faster"),
        (
            (
                row["program"],
                f"{row['words_per_second'] / 1e6:.2f} M",
                "" if row["program"] == "jaxw2v" else f"{row['times_slower']:.1f} times",
            )
            for row in peers
        ),
    )


if __name__ == "__main__":
    Throughput.main(__doc__)
