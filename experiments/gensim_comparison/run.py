"""Trains gensim and jaxw2v in alternation on the same tokens and compares speed and scores.

Each run is a process of its own, so that peak memory is its own too. See README.md beside this.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import tempfile
from pathlib import Path
from typing import ClassVar, Literal

from experiments import markdown, results_file
from experiments.experiment import Experiment
from experiments.grouping import means
from experiments.scores import SCORES, check_sets
from experiments.training_runs import SMOKE_SENTENCES, Worker, run_in_process, write_tokens


@dataclasses.dataclass(frozen=True)
class Comparison(Experiment):
    """gensim and jaxw2v, alternating in one run, on the same tokens."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "epochs": 1}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    systems: tuple[Literal["gensim", "jaxw2v"], ...] = ("gensim", "jaxw2v")
    """What to run."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """One run of each system for each seed."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    workers: int = 2
    """Threads of gensim."""
    subsample_threshold: float = 1e-4
    """Of both systems; jaxw2v's default for a corpus of this size, gensim's is 1e-3 (share of
    words)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def execute(self) -> None:
        """Runs both systems with every seed, in alternation."""
        runs = []
        with tempfile.TemporaryDirectory() as folder:
            tokens = Path(folder) / "tokens.txt"
            write_tokens(self.corpus, tokens, SMOKE_SENTENCES if self.smoke else None)
            for seed in self.seeds:
                for system in self.systems:
                    worker = Worker(
                        system,
                        tokens,
                        self.eval_dir,
                        seed,
                        self.embedding_dim,
                        self.epochs,
                        self.workers,
                        subsample_threshold=self.subsample_threshold,
                    )
                    runs.append(run_in_process(worker, Path(folder)))
        found = summarize(self, runs)
        found["executions"] = executions(results_file.read(self.results), found)
        results_file.write(self.results, found)

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results))


def summarize(comparison: Comparison, runs: list[dict]) -> dict:
    """Means over the seeds, and ratios.

    Args:
      comparison: the settings.
      runs: what each worker measured.

    Returns:
      The content of results.json.
    """
    summary: dict = {}
    for system in comparison.systems:
        mine = [run for run in runs if run["system"] == system]
        names = ("words_per_second", "peak_memory_mib", "total_seconds", *SCORES)
        summary[system] = means(mine, names)
        summary[system]["sum_of_scores"] = sum(summary[system][name] for name in SCORES)
    if set(comparison.systems) == {"gensim", "jaxw2v"}:
        ours, theirs = summary["jaxw2v"], summary["gensim"]
        summary["ratio_of_words_per_second"] = ours["words_per_second"] / theirs["words_per_second"]
        summary["ratio_of_total_time"] = theirs["total_seconds"] / ours["total_seconds"]
        summary["score_minus_gensim"] = {
            name: ours[name] - theirs[name] for name in (*SCORES, "sum_of_scores")
        }
    settings = _settings(comparison)
    return {"summary": summary, "runs": runs, "settings": settings}


def _settings(comparison: Comparison) -> dict:
    """The settings as the results file has them, without where files lie on this machine."""
    settings = dataclasses.asdict(comparison)
    for field in ("corpus", "eval_dir", "results"):
        settings[field] = Path(settings[field]).name
    return json.loads(json.dumps(settings))


def executions(earlier: dict, found: dict) -> list[dict]:
    """Lists this execution after those with the same settings.

    Args:
      earlier: the content of the results file before this execution.
      found: what :func:`summarize` has made.

    Returns:
      A record of each: date, processor, JAX, words/s and sums of scores.
    """
    summary = found["summary"]
    if set(found["settings"]["systems"]) != {"gensim", "jaxw2v"}:
        return []
    environment = results_file.environment()
    this = {
        "date": datetime.date.today().isoformat(),
        "processor": environment["hardware"]["processor"],
        "jax": environment["versions"]["jax"],
        **{
            name: {system: summary[system][name] for system in ("gensim", "jaxw2v")}
            for name in ("words_per_second", "sum_of_scores")
        },
    }
    same = earlier.get("settings") == found["settings"]
    return [*(earlier.get("executions", []) if same else []), this]


def table(results: dict) -> str:
    """Both systems side by side as a Markdown table.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    summary = results["summary"]
    theirs, ours = summary["gensim"], summary["jaxw2v"]

    def row(name: str, key: str, shown: str, scale: float = 1, ratio: str = "") -> tuple:
        cells = [shown.format(found[key] / scale) for found in (theirs, ours)]
        return (name, cells[0], cells[1] + (f" ({summary[ratio]:.2f} times)" if ratio else ""))

    version = results["versions"]["gensim"]
    workers = results["settings"]["workers"]
    return markdown.table(
        ("", f"gensim {version}, {workers} workers", "jaxw2v"),
        (
            row(
                "training, raw words/s",
                "words_per_second",
                "{:.3f} M",
                1e6,
                "ratio_of_words_per_second",
            ),
            row("WS-353", "ws353", "{:.3f}"),
            row("SimLex-999", "simlex999", "{:.3f}"),
            row("Google analogies (restrict 30,000)", "google_analogies", "{:.3f}"),
            row("sum of the three", "sum_of_scores", "{:.3f}"),
            row(
                "file to vectors, all counted",
                "total_seconds",
                "{:.0f} s",
                ratio="ratio_of_total_time",
            ),
            row("peak memory", "peak_memory_mib", "{:.0f} MiB"),
        ),
    )


def speed_ratio(execution: dict) -> float:
    """How many times gensim's words/s an execution had.

    Args:
      execution: of the entry ``executions`` of the results file.

    Returns:
      The ratio.
    """
    speeds = execution["words_per_second"]
    return speeds["jaxw2v"] / speeds["gensim"]


def executions_table(executions: list[dict]) -> str:
    """Every execution as a row of a Markdown table.

    Args:
      executions: entry of the results file; scores that were not kept are left empty.

    Returns:
      The table.
    """
    systems = ("gensim", "jaxw2v")

    def row(execution: dict) -> tuple:
        speeds, sums = execution["words_per_second"], execution.get("sum_of_scores")
        return (
            execution["date"],
            execution["processor"],
            execution["jax"],
            *(f"{speeds[system] / 1e6:.3f} M" for system in systems),
            f"{speed_ratio(execution):.2f}",
            *(f"{sums[system]:.3f}" if sums else "" for system in systems),
        )

    return markdown.table(
        (
            "date",
            "two cores of",
            "JAX",
            "gensim, words/s",
            "jaxw2v, words/s",
            "times",
            "gensim, sum",
            "jaxw2v, sum",
        ),
        map(row, executions),
    )


if __name__ == "__main__":
    Comparison.main(__doc__)
