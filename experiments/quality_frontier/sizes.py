"""Scores by size of the corpus: the defaults, and gensim at the best of three learning rates.

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
from experiments.scores import SCORES, check_sets

HERE = Path(__file__).parent
GENSIMS_THRESHOLD = 1e-3
"""gensim's default, which is ours too up to 5 million words (share of words)."""


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
    results: Path = HERE / "sizes.json"
    """File that receives the results; the picture goes beside it."""
    smoke: bool = False
    """The first size, one seed, one rate, one epoch."""


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
    runs: list[dict] = []
    for lines in by_size.lines[few]:
        with tempfile.TemporaryDirectory() as folder:
            part, tokens = Path(folder) / "part.txt", Path(folder) / "tokens.txt"
            with open(by_size.corpus, "rb") as corpus:
                part.write_bytes(b"".join(itertools.islice(corpus, lines)))
            write_tokens(Comparison(str(part), by_size.eval_dir), tokens)
            for seed in by_size.seeds[few]:
                for rate in (None, *by_size.rates[few]):
                    worker = Worker(
                        "jaxw2v" if rate is None else "gensim",
                        tokens,
                        by_size.eval_dir,
                        seed,
                        embedding_dim=8 if by_size.smoke else 100,
                        epochs=1 if by_size.smoke else by_size.epochs,
                        workers=2,
                        learning_rate=rate,
                        subsample_threshold=None if rate is None else GENSIMS_THRESHOLD,
                    )
                    run = run_in_process(worker, Path(folder))
                    mean = sum(run[name] for name in SCORES) / len(SCORES)
                    runs.append({"lines": lines, **run, "mean": mean})
        results_file.write(by_size.results, {"runs": runs, "epochs": by_size.epochs})
    draw(runs, by_size.results.with_suffix(".png"))
    print(table(runs))
    return {"runs": runs}


def best_of_each(runs: list[dict]) -> list[dict]:
    """Means over seeds: ours, and gensim's at the rate of the best mean.

    Args:
      runs: of the results file.

    Returns:
      A record for each size and system.
    """
    names = ("raw_words", *SCORES, "mean")
    found = [
        {**shared, **means(group, names)}
        for shared, group in by_settings(runs, ("lines", "system", "learning_rate"))
    ]
    best = []
    for key in sorted({(row["lines"], row["system"]) for row in found}):
        rows = [row for row in found if (row["lines"], row["system"]) == key]
        best.append(max(rows, key=lambda row: row["mean"]))
    return best


def table(runs: list[dict]) -> str:
    """The best of each size as a table.

    Args:
      runs: of the results file.

    Returns:
      Markdown.
    """
    lines = [
        "| words | system | WS-353 | SimLex | Google | mean |",
        "|---|---|---|---|---|---|",
    ]
    for row in best_of_each(runs):
        rate = row["learning_rate"]
        name = row["system"] if rate is None else f"{row['system']}, {rate}"
        scores = " | ".join(f"{row[score]:.3f}" for score in (*SCORES, "mean"))
        lines.append(f"| {row['raw_words'] / 1e6:.2f} M | {name} | {scores} |")
    return "\n".join(lines)


def draw(runs: list[dict], path: Path) -> None:
    """Draws the mean score by size.

    Args:
      runs: of the results file.
      path: the PNG file.
    """
    figure, (axes,) = pictures.panels(1)
    rows = best_of_each(runs)
    labels = {"jaxw2v": "jaxw2v, defaults", "gensim": "gensim, best of its rates"}
    for number, (system, label) in enumerate(labels.items()):
        of_system = [row for row in rows if row["system"] == system]
        axes.plot(
            [row["raw_words"] for row in of_system],
            [row["mean"] for row in of_system],
            label=label,
            **pictures.look(number),
        )
    axes.set(xscale="log", xlabel="size of the corpus (words)", ylabel="mean of three scores")
    axes.legend()
    pictures.save(figure, path)


if __name__ == "__main__":
    command_line.run(measure, BySize, __doc__)
