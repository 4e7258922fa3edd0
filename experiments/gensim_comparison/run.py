"""Trains gensim and jaxw2v in alternation on the same tokens and compares speed and scores.

Each run is a process of its own, so that peak memory is its own too. See README.md beside this.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

import jaxw2v
from experiments import markdown, results_file
from experiments.experiment import Experiment
from experiments.grouping import means
from experiments.scores import SCORES, answers, check_sets, score


@dataclasses.dataclass(frozen=True)
class Comparison(Experiment):
    """gensim and jaxw2v, alternating in one run, on the same tokens."""

    SMOKE: ClassVar[dict] = {"seeds": (1,), "epochs": 1}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    systems: tuple[Literal["gensim", "jaxw2v"], ...] = ("gensim", "jaxw2v")
    """What to run."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """One run of each system for each seed."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    epochs: int = 5
    """Passes over the corpus (passes)."""
    workers: int = 2
    """Threads of gensim."""
    subsample_threshold: float = 1e-4
    """Of both systems; jaxw2v's default for a corpus of this size, gensim's is 1e-3 (share of
    words)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def execute(self) -> None:
        """Runs both systems with every seed, in alternation."""
        runs = []
        with tempfile.TemporaryDirectory() as folder:
            tokens = Path(folder) / "tokens.txt"
            write_tokens(self, tokens)
            for seed in self.seeds:
                for system in self.systems:
                    worker = Worker(
                        system,
                        tokens,
                        self.eval_dir,
                        seed,
                        self.embedding_dim,
                        self.epochs,
                        self.workers,
                        subsample_threshold=self.subsample_threshold,
                    )
                    runs.append(run_in_process(worker, Path(folder)))
        results_file.write(self.results, summarize(self, runs))

    def show(self, results: dict) -> None:
        """Prints the table."""
        print(table(results))


@dataclasses.dataclass(frozen=True)
class Worker:
    """One run of one system; started by the comparison."""

    system: Literal["gensim", "jaxw2v"]
    tokens: Path
    eval_dir: Path
    seed: int
    embedding_dim: int
    epochs: int
    workers: int
    objective: Literal["skipgram", "cbow"] = "skipgram"
    output_layer: Literal["negative_sampling", "softmax", "hierarchical_softmax"] = (
        "negative_sampling"
    )
    learning_rate: float | None = None
    row_updates: Literal["auto", "sparse", "dense"] = "auto"
    subsample_threshold: float | None = 1e-4
    answers: bool = False
    """Whether the answers that the scores are made of are printed too."""


def train_gensim(worker: Worker) -> tuple[jaxw2v.WordVectors, dict]:
    """Trains gensim.

    Args:
      worker: the run.

    Returns:
      The vectors, and what was measured.
    """
    from gensim.models import Word2Vec

    begun = time.perf_counter()
    model = Word2Vec(
        vector_size=worker.embedding_dim,
        window=5,
        negative=5 if worker.output_layer == "negative_sampling" else 0,
        hs=int(worker.output_layer == "hierarchical_softmax"),
        sg=int(worker.objective == "skipgram"),
        min_count=5,
        sample=worker.subsample_threshold,
        alpha=worker.learning_rate or 0.025,
        workers=worker.workers,
        seed=worker.seed,
    )
    path = str(worker.tokens)
    model.build_vocab(corpus_file=path)
    started = time.perf_counter()
    model.train(
        corpus_file=path,
        total_words=model.corpus_total_words,
        total_examples=model.corpus_count,
        epochs=worker.epochs,
    )
    measured = {
        "train_seconds": time.perf_counter() - started,
        "total_seconds": time.perf_counter() - begun,
        "raw_words": model.corpus_total_words,
        "peak_memory_mib": peak_memory_mib(),
    }
    from jaxw2v.corpus import Vocabulary
    from jaxw2v.vectors import WordVectors

    words = model.wv.index_to_key
    counts = [model.wv.get_vecattr(word, "count") for word in words]
    return WordVectors(Vocabulary(tuple(words), counts), model.wv.vectors), measured


def train_jaxw2v(worker: Worker) -> tuple[jaxw2v.WordVectors, dict]:
    """Trains jaxw2v with its defaults.

    Args:
      worker: the run.

    Returns:
      The vectors, and what was measured.
    """
    from jaxw2v.training import train

    begun = time.perf_counter()
    config = jaxw2v.Config(
        objective=worker.objective,
        output_layer=worker.output_layer,
        tokenizer="whitespace",
        embedding_dim=worker.embedding_dim,
        epochs=worker.epochs,
        learning_rate=worker.learning_rate,
        row_updates=worker.row_updates,
        subsample_threshold=worker.subsample_threshold,
        seed=worker.seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        wv = train(str(worker.tokens), config, out=folder)
        total_seconds = time.perf_counter() - begun
        lines = (Path(folder) / "metrics.jsonl").read_text().splitlines()
    metrics = [json.loads(line) for line in lines]
    return wv, {
        "train_seconds": sum(record["seconds"] for record in metrics),
        "total_seconds": total_seconds,
        "peak_memory_mib": peak_memory_mib(),
        "raw_words": metrics[0]["raw_words"],
        "compile_seconds": metrics[0]["compile_seconds"],
        "tokens_per_step": metrics[0]["tokens_per_step"],
        "loss": metrics[-1]["loss"],
    }


def run_worker(worker: Worker) -> None:
    """Trains, scores, and prints one line of JSON.

    Args:
      worker: the run.
    """
    wv, measured = {"gensim": train_gensim, "jaxw2v": train_jaxw2v}[worker.system](worker)
    measured["words_per_second"] = worker.epochs * measured["raw_words"] / measured["train_seconds"]
    measured |= score(wv, worker.eval_dir)
    if worker.answers:
        measured["answers"] = answers(wv, worker.eval_dir)
    names = ("system", "objective", "output_layer", "row_updates", "learning_rate", "seed")
    print(json.dumps({name: getattr(worker, name) for name in names} | measured))


def peak_memory_mib() -> float:
    """The most memory this process has held.

    Returns:
      MiB, from Linux's ``VmHWM`` (``ru_maxrss`` starts from that of the parent).
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def write_tokens(comparison: Comparison, path: Path) -> None:
    """Tokenizes the corpus once, so that both systems read the same tokens.

    Args:
      comparison: the settings.
      path: receives a sentence a line, words between blanks.
    """
    from jaxw2v.corpus import open_corpus

    stream = open_corpus(comparison.corpus, jaxw2v.Config(min_count=1))
    words = stream.vocabulary.words
    ids, sentence_ids = stream.read(0, len(stream))
    sentences = np.split(ids, np.flatnonzero(np.diff(sentence_ids)) + 1)
    with open(path, "w", encoding="utf-8") as out:
        for sentence in sentences[: 2_000 if comparison.smoke else None]:
            out.write(" ".join([words[i] for i in sentence.tolist()]) + "\n")


def run_in_process(worker: Worker, folder: Path) -> dict:
    """Runs a worker in a process of its own and prints a line about it.

    Args:
      worker: the run.
      folder: for its cache, emptied afterwards: encoding is part of the job, not left over.

    Returns:
      What the worker measured.
    """
    text = json.dumps(dataclasses.asdict(worker), default=str)
    done = subprocess.run(
        [sys.executable, "-m", "experiments.gensim_comparison.run", text],
        env={**os.environ, "JAXW2V_CACHE": str(folder)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    run = json.loads(done.stdout.splitlines()[-1])
    print(_line(run), flush=True)
    shutil.rmtree(folder / "streams", ignore_errors=True)
    return run


def summarize(comparison: Comparison, runs: list[dict]) -> dict:
    """Means over the seeds, and ratios.

    Args:
      comparison: the settings.
      runs: what each worker measured.

    Returns:
      The content of results.json.
    """
    summary: dict = {}
    for system in comparison.systems:
        mine = [run for run in runs if run["system"] == system]
        names = ("words_per_second", "peak_memory_mib", "total_seconds", *SCORES)
        summary[system] = means(mine, names)
        summary[system]["sum_of_scores"] = sum(summary[system][name] for name in SCORES)
    if set(comparison.systems) == {"gensim", "jaxw2v"}:
        ours, theirs = summary["jaxw2v"], summary["gensim"]
        summary["ratio_of_words_per_second"] = ours["words_per_second"] / theirs["words_per_second"]
        summary["ratio_of_total_time"] = theirs["total_seconds"] / ours["total_seconds"]
        summary["score_minus_gensim"] = {
            name: ours[name] - theirs[name] for name in (*SCORES, "sum_of_scores")
        }
    settings = _settings(comparison)
    return {"summary": summary, "runs": runs, "settings": settings}


def _settings(comparison: Comparison) -> dict:
    """The settings, with the names of files but not where they lie on this machine."""
    settings = dataclasses.asdict(comparison)
    for field in ("corpus", "eval_dir", "results"):
        settings[field] = Path(settings[field]).name
    return settings


def _line(run: dict) -> str:
    scores = "  ".join(f"{name} {run[name]:.3f}" for name in SCORES)
    return (
        f"{run['system']:7} {run['objective']:8} {run['output_layer']:20} seed {run['seed']}  "
        f"{run['words_per_second'] / 1e6:.3f} M words/s  {scores}  "
        f"peak {run['peak_memory_mib']:.0f} MiB  compile {run.get('compile_seconds', 0):.1f} s  "
        f"total {run['total_seconds']:.0f} s"
    )


def table(results: dict) -> str:
    """Both systems side by side as a Markdown table.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    summary = results["summary"]
    theirs, ours = summary["gensim"], summary["jaxw2v"]

    def row(name: str, key: str, shown: str, scale: float = 1, ratio: str = "") -> tuple:
        cells = [shown.format(found[key] / scale) for found in (theirs, ours)]
        return (name, cells[0], cells[1] + (f" ({summary[ratio]:.2f} times)" if ratio else ""))

    version = results["versions"]["gensim"]
    workers = results["settings"]["workers"]
    return markdown.table(
        ("", f"gensim {version}, {workers} workers", "jaxw2v"),
        (
            row(
                "training, raw words/s",
                "words_per_second",
                "{:.3f} M",
                1e6,
                "ratio_of_words_per_second",
            ),
            row("WS-353", "ws353", "{:.3f}"),
            row("SimLex-999", "simlex999", "{:.3f}"),
            row("Google analogies (restrict 30,000)", "google_analogies", "{:.3f}"),
            row("sum of the three", "sum_of_scores", "{:.3f}"),
            row(
                "file to vectors, all counted",
                "total_seconds",
                "{:.0f} s",
                ratio="ratio_of_total_time",
            ),
            row("peak memory", "peak_memory_mib", "{:.0f} MiB"),
        ),
    )


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].startswith("{"):
        given = json.loads(sys.argv[1])
        given.update(tokens=Path(given["tokens"]), eval_dir=Path(given["eval_dir"]))
        run_worker(Worker(**given))
    else:
        Comparison.main(__doc__)
