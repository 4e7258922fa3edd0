"""Scores by size of the corpus: the defaults, and gensim at the best of its learning rates.

Each run is a process of its own. See README.md beside this.
"""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from pathlib import Path

from experiments import command_line, pictures, results_file
from experiments.gensim_comparison.run import Comparison, Worker, run_in_process, write_tokens
from experiments.grouping import by_settings, means
from experiments.quality_frontier.bootstrap import difference
from experiments.scores import SCORES, check_sets

HERE = Path(__file__).parent
GENSIMS_THRESHOLD = 1e-3
"""gensim's default, which is ours too up to 5 million words (share of words)."""
DEFAULT = ("skipgram", "negative_sampling")
OTHERS = (
    ("skipgram", "hierarchical_softmax"),
    ("cbow", "negative_sampling"),
    ("cbow", "hierarchical_softmax"),
)
RATE_OF_OTHERS = 0.05
"""gensim's, for all but its default objective (no unit)."""


@dataclasses.dataclass(frozen=True)
class BySize:
    """Trains both systems on the first lines of a text."""

    corpus: Path
    """Text file, one sentence or paragraph a line, not compressed."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    lines: tuple[int, ...] = (3_000, 12_000, 30_000, 66_000)
    """Sizes of the corpus (lines)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Every point is run with each seed (integer)."""
    rates: tuple[float, ...] = (0.025, 0.05, 0.1)
    """Learning rates of gensim (no unit)."""
    seeds_of_others: tuple[int, ...] = (1, 2)
    """Seeds of cbow and of hierarchical softmax, which gensim trains at one rate (integer)."""
    results: Path = HERE / "sizes.json"
    """File that receives the results; the picture goes beside it."""
    smoke: bool = False
    """One seed, one rate, one epoch of the first size, skip-gram with negative sampling only."""


def measure(by_size: BySize) -> dict:
    """Runs every point and writes the results after each size.

    Args:
      by_size: the settings.

    Returns:
      The content of the results file.
    """
    results_file.check_folder(by_size.results)
    check_sets(by_size.eval_dir)
    few = slice(1 if by_size.smoke else None)
    plan = [(*DEFAULT, seed, (None, *by_size.rates[few])) for seed in by_size.seeds[few]]
    if not by_size.smoke:
        for seed, others in itertools.product(by_size.seeds_of_others, OTHERS):
            plan.append((*others, seed, (None, RATE_OF_OTHERS)))
    runs: list[dict] = []
    intervals: dict[str, dict] = {}
    for lines in by_size.lines[few]:
        of_size = []
        with tempfile.TemporaryDirectory() as folder:
            part, tokens = Path(folder) / "part.txt", Path(folder) / "tokens.txt"
            with open(by_size.corpus, "rb") as corpus:
                part.write_bytes(b"".join(itertools.islice(corpus, lines)))
            write_tokens(Comparison(str(part), by_size.eval_dir), tokens)
            for objective, layer, seed, rates in plan:
                for rate in rates:
                    worker = Worker(
                        "jaxw2v" if rate is None else "gensim",
                        tokens,
                        by_size.eval_dir,
                        seed,
                        embedding_dim=8 if by_size.smoke else 100,
                        epochs=1 if by_size.smoke else by_size.epochs,
                        workers=2,
                        objective=objective,
                        output_layer=layer,
                        learning_rate=rate,
                        subsample_threshold=None if rate is None else GENSIMS_THRESHOLD,
                        answers=True,
                    )
                    run = run_in_process(worker, Path(folder))
                    mean = sum(run[name] for name in SCORES) / len(SCORES)
                    of_size.append({"lines": lines, **run, "mean": mean})
        intervals[str(lines)] = interval_of_best(of_size)
        for run in of_size:
            del run["answers"]
        runs += of_size
        results = {"runs": runs, "intervals": intervals, "epochs": by_size.epochs}
        results_file.write(by_size.results, results)
    draw(runs, by_size.results.with_suffix(".png"))
    print(table(runs, intervals))
    return results


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


def table(runs: list[dict], intervals: dict[str, dict]) -> str:
    """The best of each size as a table, and where the difference of the defaults lies.

    Args:
      runs: of the results file.
      intervals: by number of lines, of the results file.

    Returns:
      Markdown.
    """
    lines = [
        "| words | objective | output layer | system | seeds | WS-353 | SimLex | Google | mean |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in best_of_each(runs):
        rate = row["learning_rate"]
        name = row["system"] if rate is None else f"{row['system']}, {rate}"
        scores = " | ".join(f"{row[score]:.3f}" for score in (*SCORES, "mean"))
        lines.append(
            f"| {row['raw_words'] / 1e6:.2f} M | {' | '.join(_objective(row))} | {name} "
            f"| {row['seeds']} | {scores} |"
        )
    lines += ["", "| lines | WS-353 | SimLex | Google |", "|---|---|---|---|"]
    for count, bounds in intervals.items():
        of_sets = " | ".join("{:+.3f} to {:+.3f}".format(*bounds[name]) for name in SCORES)
        lines.append(f"| {count} | {of_sets} |")
    return "\n".join(lines)


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
    command_line.run(measure, BySize, __doc__)
