"""Word vectors as the start of a classifier of reviews, with few labels and with many.

See README.md.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import tempfile
from pathlib import Path
from typing import ClassVar, Literal

import jax
import numpy as np
from flax import nnx

import jaxw2v
from experiments import markdown, pictures, results_file
from experiments.experiment import Experiment
from experiments.grouping import by_settings, means
from experiments.imdb_sentiment.classify import Labelled, Mode, train
from experiments.imdb_sentiment.reviews import Reviews, draw_labelled, encode, read
from experiments.neighbors import neighbors
from experiments.scores import SCORES, check_sets, score


@dataclasses.dataclass(frozen=True)
class Sentiment(Experiment):
    """Trains classifiers of reviews from several embeddings, with few and with many labels."""

    SMOKE: ClassVar[dict] = {"sizes": (200,), "seeds": (1,), "embedding_dim": 8, "length": 32}

    train: Path
    """Reviews to learn from: 0 or 1, a tab, the text; plain or .xz."""
    test: Path
    """Reviews for the test, likewise."""
    corpus: str
    """General text, one sentence or paragraph a line, for word vectors of another field."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    sizes: tuple[int, ...] = (100, 1_000, 5_000, 25_000)
    """How many labels are known (reviews)."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Every arm is run with each seed: of vectors, labels drawn, layers and order (integer)."""
    embedding_dim: int = 100
    """Length of a word vector (components)."""
    length: int = 256
    """Words of a review that are read (words)."""
    probe_words: tuple[str, ...] = ("good", "bad", "terrible", "movie", "alps")
    """Words whose neighbors are shown."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def execute(self) -> None:
        """Runs all arms with all seeds and writes the results after each seed."""
        limit = 400 if self.smoke else None
        reviews, test = read(self.train, limit), read(self.test, limit)
        records: list[dict] = []
        tables: list[dict] = []
        for seed in self.seeds:
            of_seed = run_seed(self, reviews, test, seed)
            records += of_seed[0]
            tables += of_seed[1]
            results = {"summary": summarize(records), "tables": tables, "runs": records}
            results_file.write(self.results, results)

    def show(self, results: dict) -> None:
        """Draws and prints the accuracies."""
        draw(results["summary"], self.results.with_name("accuracy.png"))
        print(table(results["summary"]))
        for record in results["tables"]:
            if record["seed"] == self.seeds[0]:
                scores = "  ".join(f"{record[name]:.3f}" for name in SCORES)
                print(f"{record['table']:50} {scores}  {record['neighbors']}")


@dataclasses.dataclass(frozen=True)
class Arm:
    """Where the embedding starts and how it moves."""

    name: str
    start: Literal["random", "reviews", "wikipedia"]
    mode: Mode
    is_convolution: bool = False


ARMS = (
    Arm("from scratch", "random", "trained"),
    Arm("random, frozen", "random", "frozen"),
    Arm("word2vec of reviews, frozen", "reviews", "frozen"),
    Arm("word2vec of reviews, fine-tuned", "reviews", "fine-tuned"),
    Arm("word2vec of Wikipedia, frozen", "wikipedia", "frozen"),
    Arm("word2vec of Wikipedia, fine-tuned", "wikipedia", "fine-tuned"),
    Arm("convolution, word2vec of reviews, fine-tuned", "reviews", "fine-tuned", True),
)


def starting_tables(
    settings: Sentiment, reviews: Reviews, seed: int, folder: Path
) -> dict[str, jaxw2v.WordVectors]:
    """Trains word vectors, without labels, and makes a table of each for the words of the reviews.

    Args:
      settings: the settings.
      reviews: whose text is read, not the labels.
      seed: of the draws.
      folder: for the text.

    Returns:
      Vectors of the same words by name: random, reviews, wikipedia. Words that the general text
      lacks start as in the random table.
    """
    text = folder / "reviews.txt"
    text.write_text("\n".join(reviews.texts) + "\n")
    small = {"epochs": 1} if settings.smoke else {}
    config = jaxw2v.Config(embedding_dim=settings.embedding_dim, seed=seed, **small)
    of_reviews = jaxw2v.train(str(text), config, show_progress=False)
    of_corpus = jaxw2v.train(settings.corpus, config, show_progress=False)
    vocabulary = of_reviews.vocabulary
    shape = (len(vocabulary), settings.embedding_dim)
    random = np.array(nnx.Embed(*shape, rngs=nnx.Rngs(seed)).embedding[...])
    general = random.copy()
    for place, word in enumerate(vocabulary.words):
        if word in of_corpus:
            general[place] = of_corpus[word]
    tables = {"random": random, "reviews": of_reviews.vectors, "wikipedia": general}
    return {name: jaxw2v.WordVectors(vocabulary, table) for name, table in tables.items()}


def describe(settings: Sentiment, name: str, wv: jaxw2v.WordVectors) -> dict[str, object]:
    """Scores a table and looks up neighbors.

    Args:
      settings: the settings.
      name: of the table.
      wv: the table.

    Returns:
      Name, scores and neighbors.
    """
    near = neighbors(wv, settings.probe_words, topn=6)
    return {"table": name, **score(wv, settings.eval_dir), "neighbors": near}


def run_seed(settings: Sentiment, reviews: Reviews, test: Reviews, seed: int) -> tuple[list, list]:
    """Runs all arms with one seed.

    Args:
      settings: the settings.
      reviews: to learn from.
      test: for the test.
      seed: the seed.

    Returns:
      A record for each arm and size, and one for each table: before, and after training with all
      labels.
    """
    with tempfile.TemporaryDirectory() as folder:
        tables = starting_tables(settings, reviews, seed, Path(folder))
    vocabulary = tables["reviews"].vocabulary
    words = [encode(r.texts, vocabulary, settings.length) for r in (reviews, test)]
    of_test = Labelled(words[1], test.labels)
    records = []
    described = [describe(settings, f"{name}, before", wv) for name, wv in tables.items()]
    for size in settings.sizes:
        learn, choose = (
            Labelled(words[0][places], reviews.labels[places])
            for places in draw_labelled(reviews.labels, size, seed)
        )
        for arm in ARMS:
            outcome = train(
                tables[arm.start],
                learn,
                choose,
                of_test,
                seed,
                arm.mode,
                arm.is_convolution,
            )
            record = {"arm": arm.name, "labels": size, "seed": seed}
            records.append({**record, "accuracy": outcome.accuracy, "steps": outcome.steps})
            print(json.dumps(records[-1]), flush=True)
            if size == max(settings.sizes) and arm.mode != "frozen":
                trained = jaxw2v.WordVectors(vocabulary, outcome.table)
                described.append(describe(settings, arm.name, trained))
        # Each arm compiled programs of its own.
        jax.clear_caches()
    return records, [{"seed": seed, **table} for table in described]


def summarize(records: list[dict]) -> list[dict]:
    """Mean and spread over seeds.

    Args:
      records: of :func:`run_seed`.

    Returns:
      A record for each arm and number of labels; one seed has no spread.
    """
    summary = []
    for shared, group in by_settings(records, ("arm", "labels")):
        found = [record["accuracy"] for record in group]
        deviation = statistics.stdev(found) if len(found) > 1 else None
        summary.append({**shared, **means(group, ("accuracy",)), "standard_deviation": deviation})
    return summary


def draw(summary: list[dict], path: Path) -> None:
    """Draws accuracy by number of labels, with the standard deviation over the seeds.

    Args:
      summary: of :func:`summarize`.
      path: the PNG file.
    """
    figure, (ax,) = pictures.panels(1, height=5.4)
    for number, arm in enumerate(ARMS):
        rows = [row for row in summary if row["arm"] == arm.name]
        ax.errorbar(
            [row["labels"] for row in rows],
            [100 * row["accuracy"] for row in rows],
            [100 * (row["standard_deviation"] or 0) for row in rows],
            label=arm.name,
            capsize=3,
            linestyle="--" if arm.mode == "frozen" else "-",
            **pictures.look(number),
        )
    ax.set(
        xscale="log",
        xlabel="labelled reviews",
        ylabel="accuracy on 25,000 test reviews (%)",
    )
    sizes = sorted({row["labels"] for row in summary})
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    pictures.save(figure, path)


def table(summary: list[dict]) -> str:
    """The accuracies as a Markdown table.

    Args:
      summary: of :func:`summarize`.

    Returns:
      The table.
    """
    sizes = sorted({row["labels"] for row in summary})
    rows = []
    for arm in ARMS:
        found = {row["labels"]: row for row in summary if row["arm"] == arm.name}
        rows.append((arm.name, *(_cell(found[size]) for size in sizes)))
    return markdown.table(("embedding", *(f"{size:,} labels" for size in sizes)), rows)


def _cell(row: dict) -> str:
    spread = row["standard_deviation"]
    return f"{100 * row['accuracy']:.1f}" + ("" if spread is None else f" ± {100 * spread:.1f}")


if __name__ == "__main__":
    Sentiment.main(__doc__)
