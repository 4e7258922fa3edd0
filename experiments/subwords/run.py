"""Trains with and without character n-grams, and fastText, in alternation. See README.md."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from pathlib import Path
from typing import ClassVar

from experiments import markdown, results_file
from experiments.experiment import Experiment
from experiments.grouping import by_settings, means
from experiments.scores import check_sets
from experiments.training_runs import SMOKE_SENTENCES, Worker, run_in_process, write_tokens
from jaxw2v import InputError

SYSTEMS = (("jaxw2v", False), ("jaxw2v", True), ("fasttext", True))
KNOWN = ("ws353", "simlex999", "syntactic", "semantic")
UNSEEN = ("ws353_with_unseen", "simlex999_with_unseen")


@dataclasses.dataclass(frozen=True)
class Subwords(Experiment):
    """Words alone, words made of n-grams, and fastText, on the same tokens."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "epochs": 1, "slice_lines": 300}

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
    workers: int = 2
    """Threads of fastText."""
    slice_lines: int = 12_000
    """Lines of the slice, in whose vocabulary words of the sets are missing (lines)."""

    def check(self) -> None:
        """The sets and fastText are there."""
        check_sets(self.eval_dir)
        try:
            import fasttext  # noqa: F401
        except ImportError:
            raise InputError("fastText is not installed; pip install fasttext-community") from None

    def execute(self) -> None:
        """Runs all systems on the slice and on the whole, with every seed in turn."""
        runs: dict[str, list[dict]] = {"slice": [], "whole": []}
        with tempfile.TemporaryDirectory() as folder:
            tokens, of_slice = Path(folder) / "tokens.txt", Path(folder) / "slice.txt"
            write_tokens(self.corpus, tokens, SMOKE_SENTENCES if self.smoke else None)
            with open(tokens, "rb") as text:
                of_slice.write_bytes(b"".join(itertools.islice(text, self.slice_lines)))
            for name, path, threshold in (("slice", of_slice, 1e-3), ("whole", tokens, 1e-4)):
                for seed, (system, subwords) in itertools.product(self.seeds, SYSTEMS):
                    worker = Worker(
                        system,
                        path,
                        self.eval_dir,
                        seed,
                        self.embedding_dim,
                        self.epochs,
                        self.workers,
                        subsample_threshold=threshold,
                        subwords=subwords,
                    )
                    runs[name].append(run_in_process(worker, Path(folder)))
        summary = {name: summarize(found, self.epochs) for name, found in runs.items()}
        results_file.write(self.results, {"summary": summary, "runs": runs})

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results))


def summarize(runs: list[dict], epochs: int) -> list[dict]:
    """Means over seeds.

    Args:
      runs: what each worker measured.
      epochs: passes over the corpus.

    Returns:
      A record for each system.
    """
    records = []
    for shared, group in by_settings(runs, ("system", "subwords")):
        there = [name for name in (*KNOWN, *UNSEEN) if name in group[0]]
        record = shared | means(group, ("total_seconds", "peak_memory_mib", "raw_words", *there))
        record["words_per_second"] = epochs * record["raw_words"] / record["total_seconds"]
        records.append(record)
    return records


def table(results: dict) -> str:
    """The results as a Markdown table.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    names = {
        ("jaxw2v", False): "words alone",
        ("jaxw2v", True): "`--subwords`",
        ("fasttext", True): "fastText",
    }

    def cell(record: dict, name: str) -> str:
        return f"{record[name]:.3f}" if name in record else ""

    rows = [
        (
            part,
            names[record["system"], record["subwords"]],
            f"{record['words_per_second'] / 1e6:.3f} M",
            f"{record['peak_memory_mib']:.0f} MiB",
            *(cell(record, name) for name in (*KNOWN, *UNSEEN)),
        )
        for part, records in results["summary"].items()
        for record in records
    ]
    return markdown.table(
        (
            "corpus",
            "",
            "words/s, file to vectors",
            "peak",
            "WS-353",
            "SimLex-999",
            "syntactic",
            "semantic",
            "WS-353 with unseen words",
            "SimLex-999 with unseen words",
        ),
        rows,
    )


if __name__ == "__main__":
    Subwords.main(__doc__)
