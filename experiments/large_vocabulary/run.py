"""What a step costs as the vocabulary grows, and what updating touched rows only does to quality.

See README.md beside this.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import ClassVar, Literal

import jax
import numpy as np

import jaxw2v
from experiments import markdown, pictures
from experiments.experiment import Experiment, Parts
from experiments.scores import SCORES
from experiments.throughput.floors import count_step
from experiments.training_runs import SMOKE_SENTENCES, Worker, run_in_process, write_tokens
from jaxw2v.devices.layout import Layout
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.setup.forecast import zipf_counts
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.step.batch import Chunk

SENTENCE = 25
TEXT_WORDS = 100_000


@dataclasses.dataclass(frozen=True)
class LargeVocabulary(Experiment):
    """Cost by size of the vocabulary; quality by learning rate, sparse, dense and gensim."""

    SMOKE: ClassVar[dict] = {
        "sizes": (1_000, 2_000),
        "embedding_dim": 8,
        "rounds": 1,
        "rates": (0.01,),
        "gensim_rates": (0.025,),
    }

    parts: tuple[Literal["cost", "sweep"], ...] = ("cost", "sweep")
    """What to measure."""
    sizes: tuple[int, ...] = (100_000, 1_000_000, 10_000_000)
    """Vocabularies (words)."""
    embedding_dim: int = 64
    """Length of a word vector in the measurement of cost (components)."""
    rounds: int = 7
    """Chunks of 1 M tokens on each table, in alternation."""
    corpus: str | None = None
    """Text file for the sweep, one sentence or paragraph a line."""
    eval_dir: Path | None = None
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    rates: tuple[float, ...] = (0.01, 0.014, 0.02)
    """Learning rates of the default optimizer."""
    gensim_rates: tuple[float, ...] = (0.025, 0.05, 0.1)
    """Learning rates of gensim."""
    seed: int = 1
    """Seed of the sweep, by which the best rate of each is chosen."""
    further_seeds: tuple[int, ...] = (2,)
    """Seeds with which the best rate of each is run again."""

    def check(self) -> None:
        """The sweep has its corpus and sets."""
        if "sweep" in self.parts and None in (self.corpus, self.eval_dir):
            raise jaxw2v.InputError(
                "the sweep needs --corpus and --eval-dir (or give --parts cost)"
            )

    def work(self) -> Parts:
        """What is asked for."""
        parts = {"cost": measure_cost, "sweep": measure_quality}
        return {part: functools.partial(parts[part], self) for part in self.parts}

    def show(self, results: dict) -> None:
        """Draws the cost."""
        if "cost" in results:
            plot(results["cost"], self.results.with_name("cost.png"))


class Table:
    """A table of some size, and a chunk of tokens to train on."""

    def __init__(self, size: int, words_in_text: int, dim: int, tokens: int):
        """Makes both.

        Args:
          size: V, rows of the tables.
          words_in_text: words of which the text is made, by Zipf's law; the others never occur.
          dim: D, components.
          tokens: of the chunk.
        """
        counts = np.zeros(size, np.int64)
        counts[:words_in_text] = zipf_counts(words_in_text, 10**9)
        config = jaxw2v.Config(embedding_dim=dim, tokens_per_step=32_768)
        self.job = make_job(config, counts, None, jax.default_backend() == "cpu")
        plan = dataclasses.replace(self.job.plan, chunk_tokens=tokens)
        self.job = dataclasses.replace(self.job, plan=plan)
        edges = np.cumsum(counts[:words_in_text]) / counts.sum()
        draws = np.random.default_rng(0).random(tokens)
        self.ids = np.searchsorted(edges[:-1], draws).astype(np.int32)
        self.engine = Engine(self.job, Layout(None, size, self.job.config.embedding_dim))
        kept = self.job.keep[self.ids].sum()
        self.touched = count_step(config, counts, plan.tokens_per_step)["distinct_rows"]
        self.state_bytes = sum(leaf.nbytes for leaf in jax.tree.leaves(self.engine.state))
        self.steps = int(np.ceil(kept / plan.tokens_per_step))

    def milliseconds(self) -> float:
        """Trains on the chunk once.

        Returns:
          Milliseconds a step.
        """
        sentences = np.arange(self.ids.size, dtype=np.int32) // SENTENCE
        chunk = Chunk(jax.device_put(self.ids), jax.device_put(sentences))
        jax.block_until_ready((self.engine.state, chunk))
        started = time.perf_counter()
        self.engine.train(chunk, 0, 0, np.array([0.1, 0.11], np.float32))
        jax.block_until_ready(self.engine.state)
        return 1e3 * (time.perf_counter() - started) / self.steps


def measure_cost(settings: LargeVocabulary) -> list[dict]:
    """Times steps on tables of every size, in alternation.

    Args:
      settings: the settings.

    Returns:
      A record for each table: the same text for all sizes, or text from the whole vocabulary.
    """
    tokens, records = 1 << (13 if settings.smoke else 20), []
    for text in ("same", "whole vocabulary"):
        tables = {}
        for size in settings.sizes:
            words = min(TEXT_WORDS, settings.sizes[0]) if text == "same" else size
            tables[size] = Table(size, words, settings.embedding_dim, tokens)
        times: dict[int, list[float]] = {size: [] for size in tables}
        for _, (size, table) in itertools.product(range(settings.rounds + 1), tables.items()):
            times[size].append(table.milliseconds())
        smallest = settings.sizes[0]
        for size in tables:
            # The first round warms caches and page tables.
            ratios = [a / b for a, b in zip(times[size][1:], times[smallest][1:], strict=True)]
            records.append(
                {
                    "text": text,
                    "vocabulary": size,
                    "embedding_dim": settings.embedding_dim,
                    "step_milliseconds": statistics.median(times[size][1:]),
                    "ratio": statistics.median(ratios),
                    "rows_touched": round(tables[size].touched),
                    "state_bytes": tables[size].state_bytes,
                }
            )
            print(records[-1], flush=True)
        del tables
    return records


def measure_quality(settings: LargeVocabulary) -> list[dict]:
    """Trains with every learning rate, then again with the best one and other seeds.

    Args:
      settings: the settings.

    Returns:
      A record for each run, each a process of its own.
    """
    rates = {
        ("gensim", "auto"): settings.gensim_rates,
        ("jaxw2v", "sparse"): settings.rates,
        ("jaxw2v", "dense"): settings.rates,
    }
    records = []
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens.txt"
        write_tokens(settings.corpus, tokens, SMOKE_SENTENCES if settings.smoke else None)

        def run(system: str, row_updates: str, rate: float, seed: int) -> dict:
            worker = Worker(
                system,
                tokens,
                settings.eval_dir,
                seed,
                embedding_dim=100,
                epochs=1 if settings.smoke else 5,
                workers=2,
                learning_rate=rate,
                row_updates=row_updates,
            )
            record = run_in_process(worker, Path(folder))
            record["sum"] = sum(record[name] for name in SCORES)
            records.append(record)
            return record

        for system, of_system in rates.items():
            swept = [run(*system, rate, settings.seed) for rate in of_system]
            best = max(swept, key=lambda record: record["sum"])
            for seed in settings.further_seeds:
                run(*system, best["learning_rate"], seed)
    return records


def plot(records: list[dict], path: Path) -> None:
    """Draws the cost of a step against the size of the vocabulary.

    Args:
      records: from :func:`measure_cost`.
      path: the PNG file.
    """
    figure, (axes,) = pictures.panels(1)
    for number, (text, label) in enumerate(
        (("same", "same text, larger tables"), ("whole vocabulary", "text of all words"))
    ):
        of_text = [record for record in records if record["text"] == text]
        sizes = [record["vocabulary"] for record in of_text]
        times = [record["step_milliseconds"] for record in of_text]
        axes.plot(sizes, times, label=label, **pictures.look(number))
    axes.set(
        xscale="log",
        xlabel="vocabulary (words)",
        ylabel="milliseconds a step of 32,768 tokens",
        ylim=(0, None),
        title="The cost of a step, sparse updates",
    )
    axes.legend()
    pictures.save(figure, path)


def cost_table(records: list[dict]) -> str:
    """The cost of a step as a Markdown table.

    Args:
      records: of :func:`measure_cost`.

    Returns:
      The table.
    """
    return markdown.table(
        ("text", "vocabulary", "rows touched", "ms a step", "ratio", "state, MB"),
        (
            (
                r["text"],
                f"{r['vocabulary']:,}",
                f"{r['rows_touched']:,}",
                f"{r['step_milliseconds']:.1f}",
                f"{r['ratio']:.2f}",
                f"{r['state_bytes'] / 1e6:,.0f}",
            )
            for r in records
        ),
    )


def sweep_table(records: list[dict]) -> str:
    """The scores of each learning rate as a Markdown table.

    Args:
      records: of :func:`measure_quality`.

    Returns:
      The table.
    """
    return markdown.table(
        ("system", "learning rate", "seed", "WS-353", "SimLex", "Google", "sum"),
        (
            (
                "gensim" if r["system"] == "gensim" else r["row_updates"],
                r["learning_rate"],
                r["seed"],
                *(f"{r[name]:.3f}" for name in (*SCORES, "sum")),
            )
            for r in records
        ),
    )


if __name__ == "__main__":
    LargeVocabulary.main(__doc__)
