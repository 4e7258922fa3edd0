"""Published tricks that cost next to nothing, on this project's vectors. See README.md."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import jaxw2v
from experiments import markdown
from experiments.cheap_tricks.all_but_the_top import all_but_the_top
from experiments.cheap_tricks.weights import OneOverDistance, PositionWeights
from experiments.experiment import Experiment, Parts
from experiments.grouping import by_settings, means
from experiments.scores import check_sets, score_kinds
from jaxw2v import Config
from jaxw2v.training import Objective, Windows, make_objective


@dataclasses.dataclass(frozen=True)
class CheapTricks(Experiment):
    """Trains with contexts weighted in several ways, and changes vectors after training."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "epochs": 1}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    more_pairs: tuple[Path, ...] = ()
    """Further files of word pairs with scores."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Seeds of every run (integer)."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir, self.more_pairs)

    def work(self) -> Parts:
        """A part for each way to weight contexts."""
        return {name: functools.partial(self._runs, name) for name in WEIGHTED}

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results))

    def _runs(self, name: str) -> list[dict]:
        return [record for seed in self.seeds for record in self._run(name, seed)]

    def _run(self, name: str, seed: int) -> list[dict]:
        config = Config(
            objective="cbow" if name.startswith("cbow") else "skipgram",
            embedding_dim=self.embedding_dim,
            epochs=self.epochs,
            seed=seed,
        )
        objective = WEIGHTED[name](make_objective(config))
        wv = jaxw2v.train(self.corpus, config, objective=objective)
        found = []
        for trick, change in AFTERWARDS.items():
            changed = change(wv)
            scores = score_kinds(changed, self.eval_dir, self.more_pairs)
            found.append({"trained": name, "trick": trick, "seed": seed, "scores": scores})
            print(f"{name}, {trick}, seed {seed}:", _line(scores), flush=True)
        return found


WEIGHTED: dict[str, Callable[[Objective], Objective]] = {
    "skip-gram": lambda own: own,
    "skip-gram, all alike": lambda own: own._replace(windows=Windows(own.windows.window)),
    "skip-gram, 1/distance": lambda own: own._replace(windows=OneOverDistance(own.windows.window)),
    "cbow": lambda own: own,
    "cbow, 1/distance": lambda own: own._replace(windows=OneOverDistance(own.windows.window)),
    "cbow, position weights": lambda own: own._replace(
        input_layer=PositionWeights(own.windows.window), windows=Windows(own.windows.window)
    ),
}
"""Ways to weight contexts, by name; the first of each objective is the default."""
AFTERWARDS: dict[str, Callable[[jaxw2v.WordVectors], jaxw2v.WordVectors]] = {
    "": lambda wv: wv.variant("input"),
    "input + output": lambda wv: wv.variant("sum"),
    "without the mean": lambda wv: all_but_the_top(wv, 0),
    "all but the top": lambda wv: all_but_the_top(wv, wv.vectors.shape[1] // 100),
}
"""What is done with the vectors, by name."""


def table(results: dict) -> str:
    """Means over seeds, and beside them what a trick adds with each seed at least and at most.

    Args:
      results: the content of the results file.

    Returns:
      The table, Markdown.
    """
    runs = [run for name in WEIGHTED for run in results.get(name, [])]
    names = [name for name in runs[0]["scores"] if name != "google_analogies"]
    groups = {
        (shared["trained"], shared["trick"]): group
        for shared, group in by_settings(runs, ("trained", "trick"))
    }
    rows = []
    for (trained, trick), group in groups.items():
        scores = means([run["scores"] for run in group], names)
        base = groups[trained.split(",")[0] if trick == "" else trained, ""]
        cells = [_cell(name, scores[name], group, base) for name in names]
        rows.append((trained if trick == "" else "", trick, *cells))
    return markdown.table(("trained", "afterwards", *names), rows)


def _cell(name: str, mean: float, group: list[dict], base: list[dict]) -> str:
    if group is base:
        return f"{mean:.3f}"
    gains = [
        run["scores"][name] - before["scores"][name]
        for run, before in zip(group, base, strict=True)
    ]
    return f"{mean:.3f} ({min(gains):+.3f} to {max(gains):+.3f})"


def _line(scores: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in scores.items())


if __name__ == "__main__":
    CheapTricks.main(__doc__)
