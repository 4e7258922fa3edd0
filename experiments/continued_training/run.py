"""A run on general text is continued on text of one field. See README.md."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import ClassVar

import jaxw2v
from experiments import markdown, results_file
from experiments.experiment import Experiment, Parts
from experiments.grouping import by_settings, means
from experiments.neighbors import neighbors
from experiments.scores import SCORES, check_sets, score


@dataclasses.dataclass(frozen=True)
class ContinuedTraining(Experiment):
    """Trains on one text, then on another in several ways, and scores each."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "rates": (0.00125,)}

    corpus: Path
    """General text, one sentence or paragraph a line."""
    new_text: Path
    """Text of one field."""
    held_out: Path
    """More text of that field, on which the loss is measured."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    probe_words: tuple[str, ...] = ("plot", "screenplay", "lousy", "cgi", "dvds", "unwatchable")
    """Words whose neighbors are shown before and after."""
    rates: tuple[float, ...] = (0.00125, 0.0025, 0.01, 0.02)
    """Learning rates tried beside the default (no unit)."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Seeds of every arm (integer)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def work(self) -> Parts:
        """All arms."""
        return {"arms": results_file.in_folder(measure_arms, self)}

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results["arms"]))


def measure_arms(settings: ContinuedTraining, folder: Path) -> list[dict]:
    """Trains every arm with every seed.

    Args:
      settings: the settings.
      folder: for the runs.

    Returns:
      A record for each.
    """
    records = []
    for seed in settings.seeds:
        earlier = folder / f"earlier{seed}"
        records.append(arm(settings, "general text alone", seed, None, out=earlier))
        text = settings.new_text
        go_on = functools.partial(arm, settings, seed=seed, text=text)
        records.append(go_on("new text alone"))
        records.append(go_on("input rows from the earlier run", init_from=earlier))
        records.append(go_on("continued", continue_from=earlier))
        records.append(
            go_on("continued, no new words", continue_from=earlier, keep_vocabulary=True)
        )
        for rate in settings.rates:
            options = {"continue_from": earlier, "learning_rate": rate}
            records.append(go_on(f"continued at {rate:g}", **options))
    return records


def arm(
    settings: ContinuedTraining,
    name: str,
    seed: int,
    text: Path | None,
    learning_rate: float | None = None,
    **options: object,
) -> dict:
    """Trains one run and scores it.

    Args:
      settings: the settings.
      name: of the arm.
      seed: of its draws.
      text: what it trains on; ``None`` is the general text.
      learning_rate: at the start; ``None`` is the default.
      options: of :func:`jaxw2v.train`.

    Returns:
      Scores, loss and neighbors.
    """
    epochs = 1 if settings.smoke else jaxw2v.Config().epochs
    config = jaxw2v.Config(epochs=epochs, seed=seed, learning_rate=learning_rate)
    validation = None if text is None else str(settings.held_out)
    last = LastEpoch()
    wv = jaxw2v.train(
        str(text or settings.corpus),
        config,
        validation=validation,
        callbacks=[last],
        show_progress=False,
        **options,
    )
    record = {
        "arm": name,
        "seed": seed,
        "words": len(wv),
        **score(wv, settings.eval_dir),
        "validation_loss": last.metrics.get("validation_loss"),
        "words_per_second": last.metrics["words_per_second"],
        "neighbors": neighbors(wv, settings.probe_words, topn=6),
    }
    print(json.dumps({k: v for k, v in record.items() if k != "neighbors"}))
    return record


class LastEpoch(jaxw2v.Callback):
    """Remembers the record of the last epoch."""

    metrics: dict

    def on_epoch_end(self, wv: jaxw2v.WordVectors, metrics: list[dict]) -> None:
        """Remembers.

        Args:
          wv: the vectors.
          metrics: of all epochs.
        """
        self.metrics = metrics[-1]


def table(records: list[dict]) -> str:
    """The means over the seeds as a Markdown table.

    Args:
      records: of :func:`measure_arms`.

    Returns:
      The table, the losses of those with new words compared in one column.
    """
    rows = []
    for shared, runs in by_settings(records, ("arm", "words")):
        scores = list(means(runs, SCORES).values())
        has_loss = runs[0]["validation_loss"] is not None
        loss = f"{means(runs, ('validation_loss',))['validation_loss']:.4f}" if has_loss else ""
        shown = [f"{value:.3f}" for value in [*scores, sum(scores)]]
        rows.append((shared["arm"], f"{shared['words']:,}", *shown, loss))
    header = ("arm", "words", "WS-353", "SimLex", "analogies", "sum", "held-out loss")
    return markdown.table(header, rows)


if __name__ == "__main__":
    ContinuedTraining.main(__doc__)
