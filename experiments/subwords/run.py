"""Trains with and without character n-grams, and fastText, in alternation. See README.md."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from experiments import markdown, results_file
from experiments.experiment import Experiment
from experiments.grouping import by_settings, means
from experiments.scores import check_sets
from experiments.training_runs import SMOKE_SENTENCES, Worker, run_in_process, write_tokens
from jaxw2v import InputError

SYSTEMS = (("jaxw2v", False), ("jaxw2v", True), ("fasttext", True))
NAMES = {
    ("jaxw2v", False): "words alone",
    ("jaxw2v", True): "`--subwords`",
    ("fasttext", True): "fastText",
}
SETS = ("ws353", "simlex999", "syntactic", "semantic")


@dataclasses.dataclass(frozen=True)
class Subwords(Experiment):
    """Words alone, words made of n-grams, and fastText, on the same tokens."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "more_seeds": (2,), "epochs": 1, "slice_lines": (300,)}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    more_pairs: tuple[Path, ...] = ()
    """Further files of word pairs with scores, such as one of rare words."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """One run of each system for each seed."""
    more_seeds: tuple[int, ...] = (4, 5, 6, 7, 8)
    """Further ones of the first two systems, for the differences between their scores."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    workers: int = 2
    """Threads of fastText."""
    slice_lines: tuple[int, ...] = (12_000, 30_000)
    """Lines of slices, in whose vocabularies words of the sets are missing (lines)."""

    def check(self) -> None:
        """The sets and fastText are there."""
        check_sets(self.eval_dir, self.more_pairs)
        try:
            import fasttext  # noqa: F401
        except ImportError:
            raise InputError("fastText is not installed; pip install fasttext-community") from None

    def execute(self) -> None:
        """Runs all systems on slices and on the whole, with every seed in turn."""
        with tempfile.TemporaryDirectory() as folder:
            tokens = Path(folder) / "tokens.txt"
            write_tokens(self.corpus, tokens, SMOKE_SENTENCES if self.smoke else None)
            slices = [(f"{lines:,} lines", lines, 1e-3) for lines in self.slice_lines]
            for name, lines, threshold in (*slices, ("whole", None, 1e-4)):
                part = Path(folder) / "part.txt"
                with open(tokens, "rb") as text:
                    part.write_bytes(b"".join(itertools.islice(text, lines)))
                order = [
                    *itertools.product(self.seeds, SYSTEMS),
                    *itertools.product(self.more_seeds, SYSTEMS[:2]),
                ]
                runs = [
                    run_in_process(
                        Worker(
                            system,
                            part,
                            self.eval_dir,
                            seed,
                            self.embedding_dim,
                            self.epochs,
                            self.workers,
                            subsample_threshold=threshold,
                            subwords=subwords,
                            more_pairs=self.more_pairs,
                        ),
                        Path(folder),
                    )
                    for seed, (system, subwords) in order
                ]
                sets = [*SETS, *(path.stem for path in self.more_pairs)]
                timed = runs[: len(self.seeds) * len(SYSTEMS)]
                found = {
                    "sets": sets,
                    "summary": summarize(timed, self.epochs, sets),
                    "differences": differences(runs, sets),
                    "runs": timed,
                    "more_runs": runs[len(timed) :],
                }
                results_file.store(self.results, name, found)

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results), differences_table(results), sep="\n\n")


def summarize(runs: list[dict], epochs: int, sets: Sequence[str]) -> list[dict]:
    """Means over seeds.

    Args:
      runs: what each worker measured.
      epochs: passes over the corpus.
      sets: names of the scores.

    Returns:
      A record for each system.
    """
    records = []
    for shared, group in by_settings(runs, ("system", "subwords")):
        names = ("total_seconds", "peak_memory_mib", "raw_words", *sets, *map(_unseen, sets))
        record = shared | means(group, names)
        record["words_per_second"] = epochs * record["raw_words"] / record["total_seconds"]
        records.append(record | {"seeds": len(group)})
    return records


def differences(runs: list[dict], sets: Sequence[str]) -> dict:
    """What n-grams add to the scores of words alone.

    Args:
      runs: what each worker measured.
      sets: names of the scores.

    Returns:
      The number of seeds and, for each score, the difference of the means and its standard error.
    """
    ours = [run for run in runs if run["system"] == "jaxw2v"]
    alone, made = ([r for r in ours if r["subwords"] == is_made] for is_made in (False, True))
    found: dict = {"seeds": len(made)}
    for name in sets:
        before, after = ([run[name] for run in group] for group in (alone, made))
        error = None
        if len(made) > 1:
            error = math.sqrt(sum(statistics.variance(x) / len(x) for x in (before, after)))
        found[name] = [statistics.mean(after) - statistics.mean(before), error]
    return found


def _unseen(name: str) -> str:
    return f"{name}_with_unseen"


def _parts(results: dict) -> tuple[dict, list[str]]:
    """What was found on each text, and the names of the scores."""
    parts = {name: part for name, part in results.items() if name != "measured_on"}
    return parts, next(iter(parts.values()))["sets"]


def table(results: dict) -> str:
    """The results as a Markdown table.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    parts, sets = _parts(results)

    def cell(record: dict, name: str) -> str:
        if name not in record:
            return ""
        unseen = f" ({record[_unseen(name)]:.3f})" if _unseen(name) in record else ""
        return f"{record[name]:.3f}{unseen}"

    rows = [
        (
            name,
            NAMES[record["system"], record["subwords"]],
            f"{record['seeds']}",
            f"{record['words_per_second'] / 1e6:.3f} M",
            f"{record['peak_memory_mib']:.0f} MiB",
            *(cell(record, name) for name in sets),
        )
        for name, part in parts.items()
        for record in part["summary"]
    ]
    return markdown.table(
        ("corpus", "", "seeds", "words/s, file to vectors", "peak", *sets),
        rows,
    )


def differences_table(results: dict) -> str:
    """The differences as a Markdown table.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    parts, sets = _parts(results)
    rows = []
    for name, part in parts.items():
        found = part["differences"]
        cells = [
            f"{difference:+.3f}" + (f" ± {error:.3f}" if error is not None else "")
            for difference, error in (found[each] for each in sets)
        ]
        rows.append((name, f"{found['seeds']}", *cells))
    return markdown.table(("corpus", "seeds", *sets), rows)


if __name__ == "__main__":
    Subwords.main(__doc__)
