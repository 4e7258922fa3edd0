"""The whole job by the command line: from a text file to vectors, with scores."""

from __future__ import annotations

import json
import lzma
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import jaxw2v
from experiments.accelerator.settings import Keep, Settings
from experiments.grouping import means
from experiments.scores import SCORES, score

PROGRAM = [sys.executable, "-m", "jaxw2v", "train"]
SEEDS = (1, 2, 3)
SCORED = (*SCORES, "sum")


def plain(corpus: str, folder: Path) -> Path:
    """The corpus as a plain file.

    Args:
      corpus: plain or .xz.
      folder: receives the plain file.

    Returns:
      The file.
    """
    if not corpus.endswith(".xz"):
        return Path(corpus)
    path = folder / "corpus.txt"
    with lzma.open(corpus) as packed, path.open("wb") as out:
        shutil.copyfileobj(packed, out, 1 << 24)
    return path


def run(corpus: Path, out: Path, cache: Path, *options: object) -> dict:
    """Trains by the command line.

    Args:
      corpus: a plain file.
      out: the folder of the run.
      cache: folder of encoded corpora and compiled programs.
      options: of the command line.

    Returns:
      Seconds from start to end, and what the run says of itself.

    Raises:
      RuntimeError: it failed; the message is its last line.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [*PROGRAM, str(corpus), "--out", str(out), *map(str, options)],
        env={**os.environ, "JAXW2V_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    training = sum(record["seconds"] for record in records)
    return {
        "seconds": seconds,
        "training_seconds": training,
        "compile_seconds": records[0]["compile_seconds"],
        "words_per_second": records[0]["raw_words"] * len(records) / training,
        "epoch_seconds": [record["seconds"] for record in records],
        "tokens_per_step": records[0]["tokens_per_step"],
        "steps": records[-1]["steps"],
        "loss": records[-1]["loss"],
    }


def _scored_run(
    settings: Settings, corpus: Path, out: Path, seed: int, *options: object
) -> dict[str, float]:
    """A run by the command line, with its scores; runs of a folder share a cache."""
    dim = 8 if settings.smoke else 100
    record = run(
        corpus, out, out.parent / "cache", "--seed", seed, "--embedding-dim", dim, *options
    )
    scores = score(jaxw2v.WordVectors.load(out), Path(settings.eval_dir))
    return {"seed": seed, **record, **scores, "sum": sum(scores.values())}


def distance(one: Path, other: Path) -> dict[str, float]:
    """How far apart the vectors of two runs are.

    Args:
      one: folder of a run.
      other: of another, with the same vocabulary.

    Returns:
      Median and largest difference of components, the share of them above .01, and the median
      cosine of a word's two vectors.
    """
    a, b = (np.asarray(jaxw2v.WordVectors.load(out).vectors) for out in (one, other))
    cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    difference = np.abs(a - b)
    return {
        "median": float(np.median(difference)),
        "largest": float(difference.max()),
        "above_0.01": float((difference > 0.01).mean()),
        "median_cosine": float(np.median(cosine)),
    }


def whole_job(settings: Settings, keep: Keep) -> dict:
    """Three seeds from file to vectors, the first with nothing cached, and one of them twice.

    Args:
      settings: of the experiment.
      keep: writes the runs that are done.

    Returns:
      The runs, the mean scores, and how far two runs of one seed are apart.
    """
    found: dict = {"runs": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = plain(settings.corpus, folder)
        outs = [(seed, folder / f"seed{seed}") for seed in SEEDS]
        for seed, out in [*outs, (SEEDS[0], folder / "again")]:
            found["runs"].append(_scored_run(settings, corpus, out, seed))
            print(found["runs"][-1], flush=True)
            keep(found)
        found["same_seed"] = distance(outs[0][1], folder / "again")
    runs = found["runs"][: len(SEEDS)]
    found["mean"] = means(runs, SCORED)
    found["deviation"] = {name: statistics.stdev(r[name] for r in runs) for name in SCORED}
    print(found["mean"], found["same_seed"], flush=True)
    return found


def precisions(settings: Settings, keep: Keep) -> dict:
    """Scores with operands of products as they are, and rounded to bfloat16, three seeds.

    Args:
      settings: of the experiment.
      keep: writes the runs that are done.

    Returns:
      Runs and mean scores by precision.
    """
    found: dict = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = plain(settings.corpus, folder)
        for precision in ("float32", "bfloat16"):
            runs = [
                _scored_run(
                    settings, corpus, folder / f"{precision}{seed}", seed, "--precision", precision
                )
                for seed in SEEDS[: 1 if settings.smoke else None]
            ]
            mean = means(runs, SCORED)
            found[precision] = {"runs": runs, "mean": mean}
            print(precision, mean, flush=True)
            keep(found)
    return found
