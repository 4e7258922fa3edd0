"""Subsampling, negatives, noise exponent, skip-gram and CBOW, as in the papers of 2013.

See README.md.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar, Literal

import jaxw2v
from experiments import markdown, pictures, results_file
from experiments.experiment import Experiment
from experiments.fitting import fit_and_measure
from experiments.grouping import by_settings, means
from experiments.scores import check_file
from jaxw2v.corpus import TokenStream, open_corpus
from jaxw2v.vectors import AnalogyScore, evaluate_analogies

MEASURED = ("semantic", "syntactic", "total", "seconds")
PAPERS = {"subsample_threshold": 1e-3, "num_negatives": 5, "noise_exponent": 0.75}
"""From here each setting is varied alone."""
VARIED = {
    "subsample_threshold": (0.0, 1e-3, 1e-4, 1e-5),
    "num_negatives": (2, 5, 10, 15),
    "noise_exponent": (0.0, 0.5, 0.75, 1.0),
}
LABELS = {
    "subsample_threshold": "subsampling threshold (share of words; 0 keeps all)",
    "num_negatives": "negatives for a pair",
    "noise_exponent": "noise exponent",
}


@dataclasses.dataclass(frozen=True)
class Mikolov(Experiment):
    """Varies what the two papers vary, one setting at a time, for skip-gram and for CBOW."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "embedding_dim": 8}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    questions: Path
    """Google's questions-words.txt."""
    seeds: tuple[int, ...] = (1, 2)
    """Every setting is run with each seed (integer)."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""

    def check(self) -> None:
        """The questions are there."""
        check_file(self.questions)

    def execute(self) -> None:
        """Runs everything and writes the results after each run."""
        stream = open_corpus(self.corpus, jaxw2v.Config())
        runs: list[dict] = []
        for seed in self.seeds:
            for objective in ("skipgram", "cbow"):
                for tried in settings_to_try()[: 2 if self.smoke else None]:
                    runs.append(run_once(self, stream, objective, tried, seed))
                    results_file.write(self.results, {"summary": summarize(runs), "runs": runs})

    def show(self, results: dict) -> None:
        """Prints the table and draws it."""
        print(table(results["summary"]))
        draw(results["summary"], self.results.with_name("accuracy.png"))


def settings_to_try() -> list[dict[str, float]]:
    """The settings, each once.

    Returns:
      Threshold, negatives and exponent of each.
    """
    found = [PAPERS]
    for name, values in VARIED.items():
        found += [{**PAPERS, name: value} for value in values if value != PAPERS[name]]
    return found


def split_accuracy(scores: list[AnalogyScore]) -> dict[str, float]:
    """Semantic and syntactic accuracy; the syntactic sections' names begin with ``gram``.

    Args:
      scores: of :func:`jaxw2v.vectors.evaluate_analogies`.

    Returns:
      Accuracies by name.
    """
    *sections, total = scores
    found = {}
    for name, is_syntactic in (("semantic", False), ("syntactic", True)):
        mine = [s for s in sections if s.section.startswith("gram") == is_syntactic]
        questions = sum(section.questions for section in mine)
        found[name] = sum(section.correct for section in mine) / max(questions, 1)
    return {**found, "total": total.accuracy}


def run_once(
    settings: Mikolov,
    stream: TokenStream,
    objective: Literal["skipgram", "cbow"],
    tried: dict[str, float],
    seed: int,
) -> dict:
    """Trains and asks the questions.

    Args:
      settings: of the experiment.
      stream: the corpus.
      objective: skip-gram or CBOW.
      tried: threshold, negatives and exponent.
      seed: of the draws.

    Returns:
      What was measured.
    """
    defaults = jaxw2v.Config()
    config = jaxw2v.Config(
        objective=objective,
        embedding_dim=settings.embedding_dim,
        epochs=1 if settings.smoke else defaults.epochs,
        seed=seed,
        **tried,
    )
    wv, metrics = fit_and_measure(stream, config)
    record = {
        "objective": objective,
        **tried,
        "seed": seed,
        **split_accuracy(evaluate_analogies(wv, settings.questions)),
        "seconds": sum(m["seconds"] for m in metrics),
    }
    print(record, flush=True)
    return record


def summarize(runs: list[dict]) -> list[dict]:
    """Means over the seeds.

    Args:
      runs: of :func:`run_once`.

    Returns:
      A record for each objective and setting.
    """
    return [
        {**shared, **means(group, MEASURED), "seeds": len(group)}
        for shared, group in by_settings(runs, ("objective", *PAPERS))
    ]


def varied_alone(summary: list[dict], objective: str, name: str) -> list[dict]:
    """The records in which one setting varies and the others are where it starts from.

    Args:
      summary: of :func:`summarize`.
      objective: skip-gram or CBOW.
      name: of the setting.

    Returns:
      Some of the records.
    """
    fixed = {other: value for other, value in PAPERS.items() if other != name}
    fixed["objective"] = objective
    return [row for row in summary if all(row[key] == value for key, value in fixed.items())]


def table(summary: list[dict]) -> str:
    """The means as a Markdown table.

    Args:
      summary: of :func:`summarize`.

    Returns:
      The table.
    """
    varied = ("subsample_threshold", "num_negatives", "noise_exponent")
    return markdown.table(
        (
            "model",
            "threshold",
            "negatives",
            "exponent",
            "semantic",
            "syntactic",
            "total",
            "seconds",
        ),
        (
            (
                row["objective"],
                *(f"{row[name]:g}" for name in varied),
                *(f"{100 * row[name]:.1f}" for name in MEASURED[:3]),
                f"{row['seconds']:.0f}",
            )
            for row in summary
        ),
    )


def draw(summary: list[dict], path: Path) -> None:
    """Draws accuracy by each setting.

    Args:
      summary: of :func:`summarize`.
      path: the PNG file.
    """
    figure, axes = pictures.panels(3)
    for ax, (varied, values) in zip(axes, VARIED.items(), strict=True):
        for number, objective in enumerate(("skipgram", "cbow")):
            rows = {row[varied]: row for row in varied_alone(summary, objective, varied)}
            places = [place for place, value in enumerate(values) if value in rows]
            for name, line in (("semantic", "-"), ("syntactic", "--")):
                ax.plot(
                    places,
                    [100 * rows[values[place]][name] for place in places],
                    linestyle=line,
                    label=f"{objective}, {name}",
                    **pictures.look(number),
                )
        ax.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        ax.set(xlabel=LABELS[varied], ylim=(0, None))
    axes[0].set(ylabel="analogy accuracy (%)")
    axes[0].legend(fontsize=8)
    pictures.save(figure, path)


if __name__ == "__main__":
    Mikolov.main(__doc__)
