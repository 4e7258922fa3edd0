"""Every objective and output layer, beside gensim where gensim has it. See README.md."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import tempfile
from pathlib import Path

from experiments import command_line, results_file
from experiments.gensim_comparison.run import (
    Comparison,
    Worker,
    run_in_process,
    write_tokens,
)
from experiments.grouping import by_settings, means
from experiments.scores import SCORES, check_sets

HERE = Path(__file__).parent
THRESHOLD, THRESHOLD_OF_SLICE = 1e-4, 1e-3
"""Of subsampling, for both systems: jaxw2v's defaults for corpora of these sizes."""


@dataclasses.dataclass(frozen=True)
class Objectives:
    """Trains every objective with every output layer."""

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    results: Path = HERE / "results.json"
    """File that receives the results."""
    seeds: tuple[int, ...] = (1,)
    """One run of each system for each seed."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    slice_lines: int = 8_000
    """Lines of the slice on which exact softmax is compared with negative sampling (lines)."""
    smoke: bool = False
    """A slice of 200 lines only, for one epoch."""


def measure(objectives: Objectives) -> dict:
    """Runs everything, prints a table, writes the results.

    Args:
      objectives: the settings.

    Returns:
      The content of the results file.
    """
    results_file.check_folder(objectives.results)
    check_sets(objectives.eval_dir)
    whole, part = [], []
    with tempfile.TemporaryDirectory() as folder:
        tokens, of_slice = Path(folder) / "tokens.txt", Path(folder) / "slice.txt"
        smoke = objectives.smoke
        write_tokens(Comparison(objectives.corpus, objectives.eval_dir, smoke=smoke), tokens)
        lines = 200 if smoke else objectives.slice_lines
        with open(tokens, encoding="utf-8") as text, open(of_slice, "w", encoding="utf-8") as out:
            out.writelines(itertools.islice(text, lines))
        plan = []
        for objective in ("skipgram", "cbow"):
            for layer in ("negative_sampling", "hierarchical_softmax"):
                plan += [(whole, tokens, s, objective, layer) for s in ("gensim", "jaxw2v")]
            for layer in ("negative_sampling", "hierarchical_softmax", "softmax"):
                plan.append((part, of_slice, "jaxw2v", objective, layer))
            plan.append((part, of_slice, "gensim", objective, "negative_sampling"))
        for seed, (runs, path, system, objective, layer) in itertools.product(
            objectives.seeds[: 1 if smoke else None], plan
        ):
            if smoke and runs is whole:
                continue
            worker = Worker(
                system,
                path,
                objectives.eval_dir,
                seed,
                objectives.embedding_dim,
                1 if smoke else objectives.epochs,
                2,
                objective,
                layer,
                subsample_threshold=THRESHOLD if runs is whole else THRESHOLD_OF_SLICE,
            )
            runs.append(run_in_process(worker, Path(folder)))
    results = {
        "whole_file": {"summary": summarize(whole), "runs": whole},
        "slice": {"summary": summarize(part), "runs": part},
        "epochs": objectives.epochs,
        "embedding_dim": objectives.embedding_dim,
        "slice_lines": lines,
    }
    print(table(results))
    results_file.write(objectives.results, results)
    return results


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
      results: from :func:`measure`.

    Returns:
      The table.
    """
    lines = [
        "| corpus | objective | output layer | system | M words/s | loss | WS-353 | SimLex "
        "| Google | mean |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for corpus in ("whole_file", "slice"):
        for r in results[corpus]["summary"]:
            loss = f"{r['loss']:.3f}" if "loss" in r else ""
            scores = " | ".join(f"{r[name]:.3f}" for name in (*SCORES, "mean_score"))
            lines.append(
                f"| {corpus} | {r['objective']} | {r['output_layer']} | {r['system']} "
                f"| {r['words_per_second'] / 1e6:.3f} | {loss} | {scores} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    command_line.run(measure, Objectives, __doc__)
