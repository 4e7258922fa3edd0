"""The same training on several meshes: loss, scores, bytes, words a second. See README.md."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import os
import socket
import statistics
import subprocess
import sys
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

import jaxw2v
from experiments import markdown, pictures, results_file
from experiments.experiment import Experiment, Parts
from experiments.scores import SCORES, check_sets, score
from experiments.throughput.floors import (
    chance_of_touching,
    negatives_per_token,
    shares_drawn,
)
from jaxw2v.corpus import open_corpus
from jaxw2v.training import forecast, make_job, num_rows, storage_row
from jaxw2v.vectors import WordVectors

TOKENS_PER_STEP = 32_768
TOKENS_OF_A_DEVICE = 8_192
WAYS = {
    "data": "copies of the tables",
    "vocab": "rows shared out",
    "dim_vocab": "columns over 8, then rows",
    "dim_data": "columns over 8, then copies",
}


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a run takes place.

    Attributes:
      mesh: devices along data, vocab and dim.
      processes: that share the devices.
      next_rate: trains with the next larger float32 as learning rate: how far vectors go from where
        they were when a bit changes.
    """

    mesh: str
    processes: int = 1
    next_rate: bool = False

    @property
    def devices(self) -> int:
        """Virtual devices of each process."""
        return math.prod(map(int, self.mesh.split("x"))) // self.processes


LAYOUTS = (
    Layout("1x1"),
    Layout("8x1"),
    Layout("1x8"),
    Layout("4x2"),
    Layout("2x2", processes=2),
    Layout("1x1", next_rate=True),
    Layout("1x1x2"),
    Layout("1x1x8"),
    Layout("2x2x2"),
    Layout("1x1x2", processes=2),
)


@dataclasses.dataclass(frozen=True)
class MultiDevice(Experiment):
    """Trains on virtual CPU devices, one mesh after another."""

    SMOKE: ClassVar[dict] = {"epochs": 1, "rounds": 1}

    corpus: Path
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    parts: tuple[Literal["meshes", "speed", "bytes"], ...] = ("meshes", "speed", "bytes")
    """What to measure: equality on all meshes, one and two devices, formulas."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    rounds: int = 3
    """Runs of one epoch on one and on two devices, in alternation."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def work(self) -> Parts:
        """What is asked for."""
        two = results_file.in_folder(one_and_two_devices, self)
        parts = {
            "meshes": {"meshes": results_file.in_folder(compare, self)},
            "speed": {"two_devices_over_one": two},
            "bytes": {
                "bytes": bytes_by_size,
                "bytes_by_devices": bytes_by_devices,
                "busiest_shard": functools.partial(busiest_shard, self),
            },
        }
        return {name: part for asked in self.parts for name, part in parts[asked].items()}

    def show(self, results: dict) -> None:
        """Prints the tables."""
        if "meshes" in results:
            print(meshes_table(results["meshes"]))
        if "two_devices_over_one" in results:
            print(speed_table(results["two_devices_over_one"]))
        if "bytes" in results:
            print(bytes_table(results["bytes"]))
            draw(results["bytes_by_devices"], self.results.with_name("bytes.png"))


def train(layout: Layout, corpus: Path, out: Path, settings: list[str]) -> dict:
    """Trains by the command line, in processes of their own.

    Args:
      layout: where.
      corpus: the text.
      out: folder for the vectors.
      settings: further arguments.

    Returns:
      The metrics of the last epoch, with the loss and words a second of all.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "import sys; from jaxw2v.cli import main; sys.exit(main())"]
    command += ["train", str(corpus), "--out", str(out), "--mesh", layout.mesh, *settings]
    flag = f"--xla_force_host_platform_device_count={layout.devices}"
    places = [[]]
    if layout.processes > 1:
        joined = ["--distributed", "--coordinator", f"localhost:{port}", "--num-processes"]
        joined += [str(layout.processes), "--process-id"]
        places = [[*joined, str(i)] for i in range(layout.processes)]
    running = [
        subprocess.Popen(
            [*command, *place],
            env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flag},
            stdout=subprocess.DEVNULL,
        )
        for place in places
    ]
    if any([process.wait() for process in running]):
        raise SystemExit(f"training on {layout} failed")
    lines = (out / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    speed = statistics.median(record["words_per_second"] for record in records)
    return {"loss": records[-1]["loss"], "words_per_second": speed}


def compare(settings: MultiDevice, folder: Path) -> list[dict]:
    """Trains on every layout and compares the vectors.

    Args:
      settings: the settings.
      folder: for vectors.

    Returns:
      A record for each layout.
    """
    records, first = [], None
    layouts = (LAYOUTS[0], LAYOUTS[3], LAYOUTS[5], LAYOUTS[6]) if settings.smoke else LAYOUTS
    for layout in layouts:
        out = folder / f"{layout.mesh}_{layout.processes}_{layout.next_rate}"
        arguments = ["--epochs", str(settings.epochs)]
        if layout.next_rate:
            arguments += ["--learning-rate", str(next_rate(settings))]
        record = dataclasses.asdict(layout)
        record |= train(layout, settings.corpus, out, arguments)
        wv = WordVectors.load(out)
        first = wv if first is None else first
        record |= score(wv, settings.eval_dir)
        record["largest_difference"] = float(np.abs(wv.vectors - first.vectors).max())
        lengths = np.linalg.norm(first.vectors, axis=1)
        apart = np.linalg.norm(wv.vectors - first.vectors, axis=1) / lengths
        record["median_distance"] = float(np.median(apart))
        content = (out / "vectors.safetensors").read_bytes()
        record["sha256"] = hashlib.sha256(content).hexdigest()[:16]
        records.append(record)
        print(record, flush=True)
    return records


def next_rate(settings: MultiDevice) -> float:
    """The next larger float32 after the learning rate that runs choose.

    Args:
      settings: the settings.

    Returns:
      The rate.
    """
    config = jaxw2v.Config(epochs=settings.epochs)
    job = make_job(config, open_corpus(settings.corpus, config).vocabulary.counts, on_cpu=True)
    return float(np.nextafter(np.float32(job.plan.learning_rate), np.float32(1)))


def one_and_two_devices(settings: MultiDevice, folder: Path) -> dict:
    """Words a second on two virtual devices over those on one, of the same cores.

    Args:
      settings: the settings.
      folder: for vectors.

    Returns:
      The ratio of each round.
    """
    ratios: dict[str, list[float]] = {
        mesh: [] for mesh in ("2x1", "1x2", "1x1x2")[: 3 - 2 * settings.smoke]
    }
    for i in range(settings.rounds):
        speeds = {
            mesh: train(Layout(mesh), settings.corpus, folder / f"{mesh}_{i}", ["--epochs", "1"])
            for mesh in ("1x1", *ratios)
        }
        for mesh, found in ratios.items():
            alone = speeds["1x1"]["words_per_second"]
            found.append(speeds[mesh]["words_per_second"] / alone)
    return ratios


def bytes_by_size() -> list[dict]:
    """Memory and communication of each device by vocabulary and mesh, from the formulas.

    Returns:
      A record for each.
    """
    records = []
    for vocabulary, meshes in (
        (80_000, ("1x1", "8x1", "1x8", "1x1x8", "64x1", "1x64", "8x1x8")),
        (1_000_000, ("1x1", "8x1", "1x8", "1x1x8", "64x1", "1x64", "8x1x8")),
        (10_000_000, ("1x1", "1x8", "2x4", "1x1x8", "8x8", "1x64", "1x8x8")),
    ):
        job, _ = forecast(jaxw2v.Config(embedding_dim=300), vocabulary, 10**9, "1x1")
        for mesh in meshes:
            footprint = job.footprint(_shape(mesh))
            records.append(
                {
                    "vocabulary": vocabulary,
                    "mesh": mesh,
                    "exchange": "sums" if footprint.exchange_sums else "rows",
                    "memory": footprint.memory(),
                    "traffic": footprint.traffic(),
                }
            )
    return records


def bytes_by_devices() -> list[dict]:
    """What travels to and from each device in a step by the number of devices, from the formulas.

    Returns:
      A record for each number of devices, way to lay them out and tokens of a step.
    """
    records = []
    for devices in (2**k for k in range(7)):
        near = min(devices, 8)
        ways = {
            "data": f"{devices}x1",
            "vocab": f"1x{devices}",
            "dim_data": f"{devices // near}x1x{near}",
            "dim_vocab": f"1x{devices // near}x{near}",
        }
        for grows, tokens in ((True, TOKENS_OF_A_DEVICE * devices), (False, 65_536)):
            config = jaxw2v.Config(embedding_dim=300, tokens_per_step=tokens)
            job, _ = forecast(config, 1_000_000, 10**10, "1x1")
            for way, mesh in ways.items():
                traffic = job.footprint(_shape(mesh)).traffic()
                records.append(
                    {
                        "devices": devices,
                        "way": way,
                        "mesh": mesh,
                        "step_grows": grows,
                        "tokens_per_step": tokens,
                        "bytes": sum(traffic.values()),
                    }
                )
    return records


def _shape(mesh: str) -> tuple[int, int, int]:
    data, vocab, dim = (*map(int, mesh.split("x")), 1)[:3]
    return data, vocab, dim


def busiest_shard(settings: MultiDevice) -> list[dict]:
    """What the busiest piece of the tables serves, over the mean, for the words of the corpus.

    Args:
      settings: the settings.

    Returns:
      A record for each number of pieces: uses (a row for each token and negative of a step) and
      distinct rows (which the optimizer moves).
    """
    config = jaxw2v.Config()
    counts = open_corpus(settings.corpus, config).vocabulary.counts
    kept, noise = shares_drawn(config, counts)
    negatives = negatives_per_token(config, counts)
    input_rows, output_rows = chance_of_touching(config, counts, TOKENS_PER_STEP)
    served = {
        "input_uses": kept,
        "input_rows": input_rows,
        "output_uses": (kept + negatives * noise) / (1 + negatives),
        "output_rows": output_rows,
    }
    rows, size = storage_row(np.arange(len(counts)), len(counts)), num_rows(len(counts))
    records = []
    for pieces in (2, 4, 8, 16, 64):
        record: dict = {"pieces": pieces}
        for name, share in served.items():
            record[name] = _busiest(rows // (size // pieces), share, pieces)
        in_order = np.arange(len(counts)) * pieces // len(counts)
        record["input_uses_in_order_of_frequency"] = _busiest(in_order, kept, pieces)
        records.append(record)
    return records


def _busiest(piece: np.ndarray, share: np.ndarray, pieces: int) -> float:
    return float(np.bincount(piece, share, pieces).max() * pieces / share.sum())


def meshes_table(records: list[dict]) -> str:
    """The vectors of each layout as a Markdown table.

    Args:
      records: of :func:`compare`.

    Returns:
      The table.
    """
    return markdown.table(
        (
            "mesh",
            "processes",
            "rate",
            "loss",
            "WS-353",
            "SimLex",
            "Google",
            "largest difference",
            "median distance",
            "sha256",
        ),
        (
            (
                r["mesh"],
                r["processes"],
                "next float32" if r["next_rate"] else "chosen",
                f"{r['loss']:.6f}",
                *(f"{r[name]:.4f}" for name in SCORES),
                f"{r['largest_difference']:.1e}",
                f"{r['median_distance']:.1e}",
                r["sha256"],
            )
            for r in records
        ),
    )


def speed_table(ratios: dict[str, list[float]]) -> str:
    """Words a second on two devices over those on one as a Markdown table.

    Args:
      ratios: of :func:`one_and_two_devices`.

    Returns:
      The table.
    """
    rounds = range(1, 1 + max(len(found) for found in ratios.values()))
    return markdown.table(
        ("mesh", *(f"round {number}" for number in rounds)),
        ((mesh, *(f"{ratio:.2f}" for ratio in found)) for mesh, found in ratios.items()),
    )


def bytes_table(records: list[dict]) -> str:
    """Memory and traffic as a Markdown table.

    Args:
      records: of :func:`bytes_by_size`.

    Returns:
      The table.
    """
    rows = []
    for r in records:
        ids, lookups, gradients, scores = (
            f"{value / 2**20:.1f}" for value in r["traffic"].values()
        )
        rows.append(
            (
                f"{r['vocabulary']:,}",
                r["mesh"],
                f"{sum(r['memory'].values()) / 2**20:,.0f}",
                ids,
                lookups,
                f"{gradients} ({r['exchange']})",
                scores,
                f"{sum(r['traffic'].values()) / 2**20:.1f}",
            )
        )
    header = ("V", "mesh", "memory, MiB", "ids", "lookups", "gradients", "scores", "MiB a step")
    return markdown.table(header, rows)


def draw(records: list[dict], path: Path) -> None:
    """Draws what travels by the number of devices.

    Args:
      records: of :func:`bytes_by_devices`.
      path: where the picture goes.
    """
    figure, axes = pictures.panels(2)
    titles = {
        False: "65,536 tokens a step",
        True: f"{TOKENS_OF_A_DEVICE:,} tokens a step for each device",
    }
    for ax, (grows, title) in zip(axes, titles.items(), strict=True):
        for number, (way, label) in enumerate(WAYS.items()):
            chosen = [
                r
                for r in records
                if r["way"] == way and r["step_grows"] == grows and r["devices"] > 1
            ]
            ax.loglog(
                [r["devices"] for r in chosen],
                [r["bytes"] / 2**20 for r in chosen],
                label=label,
                **pictures.look(number),
            )
        ticks = [2**k for k in range(1, 7)]
        ax.set_xticks(ticks, map(str, ticks), minor=False)
        ax.set_xticks([], minor=True)
        ax.set_ylim(4, 6_000)
        ax.set_title(title)
        ax.set_xlabel("devices")
        ax.set_ylabel("MiB a step and device")
    axes[0].legend()
    pictures.save(figure, path)


def busiest_table(records: list[dict]) -> str:
    """The busiest shard over the mean one as a Markdown table.

    Args:
      records: of :func:`busiest_shard`.

    Returns:
      The table.
    """
    header = (
        "pieces",
        "uses, input",
        "uses, output",
        "distinct rows, input",
        "distinct rows, output",
        "uses, input, in order of frequency",
    )
    names = ("input_uses", "output_uses", "input_rows", "output_rows")
    return markdown.table(
        header,
        (
            (
                r["pieces"],
                *(f"{r[name]:.2f}" for name in names),
                f"{r['input_uses_in_order_of_frequency']:.1f}",
            )
            for r in records
        ),
    )


if __name__ == "__main__":
    MultiDevice.main(__doc__)
