"""Every objective and output layer, beside gensim where gensim has it. See README.md."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import tempfile
from pathlib import Path
from typing import ClassVar

from experiments import markdown, results_file
from experiments.experiment import Experiment
from experiments.grouping import by_settings, means
from experiments.scores import SCORES, check_sets
from experiments.training_runs import SMOKE_SENTENCES, Worker, run_in_process, write_tokens

THRESHOLD, THRESHOLD_OF_SLICE = 1e-4, 1e-3
"""Of subsampling, for both systems: jaxw2v's defaults for corpora of these sizes."""


@dataclasses.dataclass(frozen=True)
class Objectives(Experiment):
    """Trains every objective with every output layer."""

    SMOKE: ClassVar[dict] = {"epochs": 1, "slice_lines": 200}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    seeds: tuple[int, ...] = (1,)
    """One run of each system for each seed."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    slice_lines: int = 8_000
    """Lines of the slice on which exact softmax is compared with negative sampling (lines)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def execute(self) -> None:
        """Runs everything; a smoke run leaves the whole file out."""
        whole: list[dict] = []
        part: list[dict] = []
        with tempfile.TemporaryDirectory() as folder:
            tokens, of_slice = Path(folder) / "tokens.txt", Path(folder) / "slice.txt"
            write_tokens(self.corpus, tokens, SMOKE_SENTENCES if self.smoke else None)
            with open(tokens, "rb") as text:
                of_slice.write_bytes(b"".join(itertools.islice(text, self.slice_lines)))
            plan = []
            for objective in ("skipgram", "cbow"):
                for layer in ("negative_sampling", "hierarchical_softmax"):
                    plan += [(whole, tokens, s, objective, layer) for s in ("gensim", "jaxw2v")]
                for layer in ("negative_sampling", "hierarchical_softmax", "softmax"):
                    plan.append((part, of_slice, "jaxw2v", objective, layer))
                plan.append((part, of_slice, "gensim", objective, "negative_sampling"))
            for seed, (runs, path, system, objective, layer) in itertools.product(self.seeds, plan):
                if self.smoke and runs is whole:
                    continue
                worker = Worker(
                    system,
                    path,
                    self.eval_dir,
                    seed,
                    self.embedding_dim,
                    self.epochs,
                    2,
                    objective,
                    layer,
                    subsample_threshold=THRESHOLD if runs is whole else THRESHOLD_OF_SLICE,
                )
                runs.append(run_in_process(worker, Path(folder)))
        results = {
            "whole_file": {"summary": summarize(whole), "runs": whole},
            "slice": {"summary": summarize(part), "runs": part},
            "epochs": self.epochs,
            "embedding_dim": self.embedding_dim,
            "slice_lines": self.slice_lines,
        }
        results_file.write(self.results, results)

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results))


def summarize(runs: list[dict]) -> list[dict]:
    """Means over seeds.

    Args:
      runs: what each worker measured.

    Returns:
      A record for each system, objective and output layer.
    """
    records = []
    for shared, group in by_settings(runs, ("system", "objective", "output_layer")):
        record = shared | means(group, ("words_per_second", "loss", *SCORES))
        record["mean_score"] = statistics.mean(record[name] for name in SCORES)
        records.append(record)
    return records


def table(results: dict) -> str:
    """The results as a Markdown table.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    rows = []
    for corpus in ("whole_file", "slice"):
        for r in results[corpus]["summary"]:
            names = (corpus, r["objective"], r["output_layer"], r["system"])
            rows.append(
                (
                    *(name.replace("_", " ") for name in names),
                    f"{r['words_per_second'] / 1e6:.3f}",
                    f"{r['loss']:.3f}" if "loss" in r else "",
                    *(f"{r[name]:.3f}" for name in (*SCORES, "mean_score")),
                )
            )
    header = "corpus|objective|output layer|system|M words/s|loss|WS-353|SimLex|Google|mean"
    return markdown.table(header.split("|"), rows)


if __name__ == "__main__":
    Objectives.main(__doc__)
