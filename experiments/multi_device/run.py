"""The same training on several meshes: loss, scores, bytes, words a second. See README.md."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

import jaxw2v
from experiments import markdown, results_file
from experiments.experiment import Experiment, Parts
from experiments.scores import SCORES, check_sets, score
from experiments.throughput.floors import chance_of_touching, shares_drawn
from jaxw2v.corpus import open_corpus
from jaxw2v.training import forecast, num_rows, storage_row
from jaxw2v.vectors import WordVectors

TOKENS_PER_STEP = 32_768


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a run takes place.

    Attributes:
      mesh: devices along data, vocab and dim.
      processes: that share the devices.
    """

    mesh: str
    processes: int = 1

    @property
    def devices(self) -> int:
        """Virtual devices of each process."""
        data, vocab = map(int, self.mesh.split("x"))
        return data * vocab // self.processes


LAYOUTS = (
    Layout("1x1"),
    Layout("8x1"),
    Layout("1x8"),
    Layout("4x2"),
    Layout("2x2", processes=2),
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
                "busiest_shard": functools.partial(busiest_shard, self),
            },
        }
        return {name: part for asked in self.parts for name, part in parts[asked].items()}

    def show(self, results: dict) -> None:
        """Prints the tables."""
        if "meshes" in results:
            print(meshes_table(results["meshes"]))
        if "bytes" in results:
            print(bytes_table(results["bytes"]))


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
    layouts = LAYOUTS[:4:3] if settings.smoke else LAYOUTS
    for layout in layouts:
        out = folder / f"{layout.mesh}_{layout.processes}"
        epochs = str(settings.epochs)
        record = dataclasses.asdict(layout)
        record |= train(layout, settings.corpus, out, ["--epochs", epochs])
        wv = WordVectors.load(out)
        first = wv if first is None else first
        record |= score(wv, settings.eval_dir)
        record["largest_difference"] = float(np.abs(wv.vectors - first.vectors).max())
        content = (out / "vectors.safetensors").read_bytes()
        record["sha256"] = hashlib.sha256(content).hexdigest()[:16]
        records.append(record)
        print(record, flush=True)
    return records


def one_and_two_devices(settings: MultiDevice, folder: Path) -> dict:
    """Words a second on two virtual devices over those on one, of the same cores.

    Args:
      settings: the settings.
      folder: for vectors.

    Returns:
      The ratio of each round.
    """
    ratios: dict[str, list[float]] = {mesh: [] for mesh in ("2x1", "1x2")[: 2 - settings.smoke]}
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
        (80_000, ("1x1", "8x1", "1x8", "64x1", "1x64")),
        (1_000_000, ("1x1", "8x1", "1x8", "64x1", "1x64")),
        (10_000_000, ("1x1", "1x8", "2x4", "8x8", "1x64")),
    ):
        for mesh in meshes:
            _, footprint = forecast(jaxw2v.Config(embedding_dim=300), vocabulary, 10**9, mesh)
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
    negatives = config.shared_negatives / config.block_length
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
            "loss",
            "WS-353",
            "SimLex",
            "Google",
            "largest difference",
            "sha256",
        ),
        (
            (
                r["mesh"],
                r["processes"],
                f"{r['loss']:.6f}",
                *(f"{r[name]:.4f}" for name in SCORES),
                f"{r['largest_difference']:.1e}",
                r["sha256"],
            )
            for r in records
        ),
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
        ids, lookups, gradients = (f"{value / 2**20:.1f}" for value in r["traffic"].values())
        rows.append(
            (
                f"{r['vocabulary']:,}",
                r["mesh"],
                f"{sum(r['memory'].values()) / 2**20:,.0f}",
                ids,
                lookups,
                f"{gradients} ({r['exchange']})",
                f"{sum(r['traffic'].values()) / 2**20:.1f}",
            )
        )
    header = ("V", "mesh", "memory, MiB", "ids", "lookups", "gradients", "MiB a step")
    return markdown.table(header, rows)


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
