"""Scores by size of the corpus: the defaults, and gensim at the best of its learning rates.

Each run is a process of its own. See README.md beside this.
"""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from pathlib import Path
from typing import ClassVar

from experiments import markdown, pictures, results_file
from experiments.experiment import Experiment
from experiments.grouping import by_settings, means
from experiments.quality_frontier.bootstrap import difference
from experiments.scores import SCORES, check_sets
from experiments.training_runs import Worker, run_in_process, write_tokens

GENSIMS_THRESHOLD = 1e-3
"""gensim's default (share of words)."""
DEFAULT = ("skipgram", "negative_sampling")
OTHERS = (
    ("skipgram", "hierarchical_softmax"),
    ("cbow", "negative_sampling"),
    ("cbow", "hierarchical_softmax"),
)
RATE_OF_OTHERS = 0.05
"""gensim's, for all but its default objective (no unit)."""


@dataclasses.dataclass(frozen=True)
class BySize(Experiment):
    """Trains both systems on the first lines of a text."""

    SMOKE: ClassVar[dict] = {
        "lines": (3_000,),
        "epochs": 1,
        "embedding_dim": 8,
        "seeds": (1,),
        "rates": (0.025,),
        "seeds_of_others": (),
    }
    RESULTS = "sizes.json"

    corpus: Path
    """Text file, one sentence or paragraph a line, not compressed."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    lines: tuple[int, ...] = (3_000, 12_000, 30_000, 66_000)
    """Sizes of the corpus (lines)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Every point is run with each seed (integer)."""
    rates: tuple[float, ...] = (0.025, 0.05, 0.1)
    """Learning rates of gensim (no unit)."""
    seeds_of_others: tuple[int, ...] = (1, 2)
    """Seeds of cbow and of hierarchical softmax, which gensim trains at one rate (integer)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def execute(self) -> None:
        """Runs every point and writes the results after each size."""
        plan = [(*DEFAULT, seed, (None, *self.rates)) for seed in self.seeds]
        for seed, others in itertools.product(self.seeds_of_others, OTHERS):
            plan.append((*others, seed, (None, RATE_OF_OTHERS)))
        runs: list[dict] = []
        intervals: dict[str, dict] = {}
        for lines in self.lines:
            with tempfile.TemporaryDirectory() as folder:
                of_size = run_size(self, lines, plan, Path(folder))
            intervals[str(lines)] = interval_of_best(of_size)
            for run in of_size:
                del run["answers"]
            runs += of_size
            results = {"runs": runs, "intervals": intervals, "epochs": self.epochs}
            results_file.write(self.results, results)

    def show(self, results: dict) -> None:
        """Draws and prints the best of each size."""
        draw(results["runs"], self.results.with_suffix(".png"))
        print(means_table(results["runs"]))
        print(intervals_table(results["runs"], results["intervals"]))


def run_size(by_size: BySize, lines: int, plan: list[tuple], folder: Path) -> list[dict]:
    """Runs both systems on the first lines of the text.

    Args:
      by_size: the settings.
      lines: so many.
      plan: objective, output layer, seed and learning rates, ``None`` for our defaults.
      folder: for the tokens.

    Returns:
      What was measured, with the answers that the scores are made of.
    """
    found = []
    part, tokens = folder / "part.txt", folder / "tokens.txt"
    with open(by_size.corpus, "rb") as corpus:
        part.write_bytes(b"".join(itertools.islice(corpus, lines)))
    write_tokens(str(part), tokens)
    for objective, layer, seed, rates in plan:
        for rate in rates:
            worker = Worker(
                "jaxw2v" if rate is None else "gensim",
                tokens,
                by_size.eval_dir,
                seed,
                embedding_dim=by_size.embedding_dim,
                epochs=by_size.epochs,
                workers=2,
                objective=objective,
                output_layer=layer,
                learning_rate=rate,
                subsample_threshold=None if rate is None else GENSIMS_THRESHOLD,
                answers=True,
            )
            run = run_in_process(worker, folder)
            mean = sum(run[name] for name in SCORES) / len(SCORES)
            found.append({"lines": lines, **run, "mean": mean})
    return found


def interval_of_best(runs: list[dict]) -> dict[str, list[float]]:
    """Our score minus gensim's at its best rate, of the default objective.

    Args:
      runs: of one size, with their answers.

    Returns:
      By name of the set the bounds of 95%, from :mod:`experiments.quality_frontier.bootstrap`.
    """
    rows = [row for row in best_of_each(runs) if _objective(row) == DEFAULT]
    rates = {row["system"]: row["learning_rate"] for row in rows}
    answers: dict[str, list] = {"jaxw2v": [], "gensim": []}
    for run in runs:
        if _objective(run) == DEFAULT and run["learning_rate"] == rates[run["system"]]:
            answers[run["system"]].append(run["answers"])
    return difference(answers["jaxw2v"], answers["gensim"])


def _objective(run: dict) -> tuple[str, str]:
    return run["objective"], run["output_layer"]


def best_of_each(runs: list[dict]) -> list[dict]:
    """Means over seeds: ours, and gensim's at the rate of the best mean.

    Args:
      runs: of the results file.

    Returns:
      A record for each size, objective, output layer and system.
    """
    names = ("raw_words", *SCORES, "mean")
    point = ("lines", "objective", "output_layer", "system")
    best: dict[tuple, dict] = {}
    for shared, group in by_settings(runs, (*point, "learning_rate")):
        row = {**shared, **means(group, names), "seeds": len(group)}
        key = tuple(row[name] for name in point)
        if key not in best or row["mean"] > best[key]["mean"]:
            best[key] = row
    return list(best.values())


def means_table(runs: list[dict]) -> str:
    """Mean scores by size, ours / gensim's, as a Markdown table.

    Args:
      runs: of the results file.

    Returns:
      The table.
    """
    best = best_of_each(runs)
    found = {(row["lines"], _objective(row), row["system"]): row["mean"] for row in best}
    words = {row["lines"]: row["raw_words"] for row in best}
    panels = list(dict.fromkeys(_objective(row) for row in best))
    rows = []
    for lines, size in words.items():
        means = (
            f"{found[lines, panel, 'jaxw2v']:.3f} / {found[lines, panel, 'gensim']:.3f}"
            for panel in panels
        )
        rows.append((f"{size / 1e6:.2f} M", *means))
    header = ("words", *(", ".join(panel).replace("_", " ") for panel in panels))
    return markdown.table(header, rows)


def intervals_table(runs: list[dict], intervals: dict[str, dict]) -> str:
    """Where the difference of the defaults to gensim's best lies (95%), as a Markdown table.

    Args:
      runs: of the results file.
      intervals: by number of lines, of the results file.

    Returns:
      The table.
    """
    words = {str(run["lines"]): run["raw_words"] for run in runs}
    return markdown.table(
        ("words", "WS-353", "SimLex", "Google"),
        (
            (
                f"{words[lines] / 1e6:.2f} M",
                *("{:+.3f} to {:+.3f}".format(*bounds[name]) for name in SCORES),
            )
            for lines, bounds in intervals.items()
        ),
    )


def draw(runs: list[dict], path: Path) -> None:
    """Draws the mean score by size, a panel for each objective and output layer.

    Args:
      runs: of the results file.
      path: the PNG file.
    """
    rows = best_of_each(runs)
    panels = list(dict.fromkeys(map(_objective, rows)))
    figure, all_axes = pictures.panels(min(len(panels), 2), -(-len(panels) // 2), height=2.9)
    labels = {"jaxw2v": "jaxw2v, defaults", "gensim": "gensim, best of its rates"}
    for axes, panel in zip(all_axes, panels, strict=True):
        for number, (system, label) in enumerate(labels.items()):
            here = [row for row in rows if _objective(row) == panel and row["system"] == system]
            axes.plot(
                [row["raw_words"] for row in here],
                [row["mean"] for row in here],
                label=label,
                **pictures.look(number),
            )
        axes.set(xscale="log", xlabel="size of the corpus (words)", ylabel="mean of three scores")
        sizes = sorted({row["raw_words"] for row in here})
        axes.set_xticks(sizes, [f"{size / 1e6:.1f} M" for size in sizes], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_title(", ".join(panel).replace("_", " "))
        axes.legend()
    pictures.save(figure, path)


if __name__ == "__main__":
    BySize.main(__doc__)
