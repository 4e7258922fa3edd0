"""Quality against tokens per step, learning rate, epochs, negatives shared, subsampling and blocks.

The map from which the defaults come. See README.md.
"""

from __future__ import annotations

import dataclasses
import json
import math
import tempfile
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

import jaxw2v
from experiments import results_file
from experiments.experiment import Experiment
from experiments.fitting import fit_and_measure
from experiments.quality_frontier.draw import ALONE, draw, table
from experiments.scores import SCORES, check_sets, score
from jaxw2v.corpus import TokenStream, Vocabulary, open_corpus
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity

PARTS = (
    "rate",
    "epochs",
    "negatives",
    "subsampling",
    "blocks",
    "candidates",
    "rate_of_chosen",
    "size",
)
BASE = {"subsample_threshold": 1e-3, "negatives_per_block": 24}
"""The defaults before this map was made; from here settings are varied."""
RARE_COUNT = 100
"""A pair is rare if one of its words stands fewer times than this in the corpus (occurrences)."""
RARE_RANK = 10_000
"""A question is rare if one of its words is less frequent than so many words (words)."""
RARE_SCORES = tuple(f"rare_{name}" for name in SCORES)


@dataclasses.dataclass(frozen=True)
class Frontier(Experiment):
    """Trains at every point of the map and scores it, rare words apart too."""

    SMOKE: ClassVar[dict] = {"seeds": (1,)}

    corpus: str
    """Text file, one sentence or paragraph a line."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    parts: tuple[Literal[PARTS], ...] = PARTS
    """Which settings to vary."""
    seeds: tuple[int, ...] = (1, 2)
    """Every point is run with each seed (integer)."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def execute(self) -> None:
        """Runs every point with every seed and writes the results after each."""
        stream = open_corpus(self.corpus, jaxw2v.Config())
        runs = results_file.read(self.results).get("runs", [])
        for seed in self.seeds:
            for part in self.parts:
                for settings in points(part)[: 1 if self.smoke else None]:
                    run = run_point(self, stream, part, settings, seed)
                    print(line(run), flush=True)
                    point = ("part", "settings", "seed")
                    runs = [old for old in runs if any(old[name] != run[name] for name in point)]
                    runs.append(run)
                    results_file.write(self.results, {"runs": runs})

    def show(self, results: dict) -> None:
        """Draws the map, once all of it was measured, and prints the tables."""
        runs = results["runs"]
        if set(ALONE) | {"rate"} <= {run["part"] for run in runs}:
            draw(runs, self.results.with_name("frontier.png"))
        print(*(f"{part}\n{table(runs, part)}\n" for part in PARTS), sep="\n")


def points(part: str) -> list[dict]:
    """The settings that a part tries.

    Args:
      part: its name.

    Returns:
      Settings that differ from ``BASE`` and the defaults, for each run; ``every`` n-th line only
      is read.
    """
    if part == "rate":
        return [
            {"tokens_per_step": tokens, "learning_rate": factor * 0.02 * math.sqrt(tokens / 32_768)}
            for tokens in (8_192, 16_384, 32_768, 65_536, 131_072)
            for factor in (0.5, 0.7, 1.0, 1.4, 2.0)
        ]
    if part == "epochs":
        return [{"epochs": epochs} for epochs in (1, 2, 3, 5, 8, 12)]
    if part == "negatives":
        return [{"negatives_per_block": number} for number in (12, 16, 24, 32, 48, 64)]
    if part == "subsampling":
        thresholds = (0.0, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)
        return [{"subsample_threshold": threshold} for threshold in thresholds]
    if part == "blocks":
        return [
            {
                "block_length": length,
                "block_overlap": overlap,
                "negatives_per_block": length * 3 // 4,
            }
            for length in (32, 64)
            for overlap in (0, 10)
        ]
    if part == "size":
        return [
            {"every": every, "subsample_threshold": threshold, "negatives_per_block": 32}
            for every in (32, 8, 3)
            for threshold in (1e-3, 1e-4)
        ]
    if part == "rate_of_chosen":
        chosen = {"subsample_threshold": 1e-4, "negatives_per_block": 32}
        return [{**chosen, "learning_rate": rate} for rate in (0.005, 0.007, 0.01, 0.014, 0.02)]
    together = [
        {"subsample_threshold": threshold, "negatives_per_block": number}
        for threshold in (1e-3, 3e-4, 1e-4)
        for number in (24, 32, 48)
    ]
    return together + [{**together[4], "learning_rate": rate} for rate in (0.01, 0.02)]


def every_nth_line(stream: TokenStream, every: int) -> TokenStream:
    """A smaller corpus: every n-th line, with a vocabulary of its own.

    Args:
      stream: the corpus.
      every: n.

    Returns:
      Its stream, of the words that are frequent enough in these lines.
    """
    part = stream.select(np.arange(stream.num_sentences) % every == 0)
    ids, lines = part.read(0, len(part))
    counts = np.bincount(ids, minlength=len(stream.vocabulary))
    kept = np.flatnonzero(counts >= jaxw2v.Config().min_count)
    kept = kept[np.argsort(-counts[kept], kind="stable")]
    new_ids = np.full(len(counts), -1, np.int32)
    new_ids[kept] = np.arange(len(kept))
    is_kept = new_ids[ids] >= 0
    ends = np.flatnonzero(np.diff(lines[is_kept], append=-1)) + 1
    words = tuple(stream.vocabulary.words[i] for i in kept)
    vocabulary = Vocabulary(words, counts[kept])
    return TokenStream.from_arrays(new_ids[ids[is_kept]], ends, vocabulary, part.raw_words)


def write_rare(wv: jaxw2v.WordVectors, eval_dir: Path, folder: Path) -> None:
    """Writes the pairs and questions that hold a rare word.

    Args:
      wv: any vectors of the corpus, for its vocabulary.
      eval_dir: folder of the whole files.
      folder: receives files of the same names, those that hold any.
    """
    vocabulary = wv.vocabulary
    for name in SCORES[:2]:
        kept = []
        for pair in (eval_dir / f"{name}.txt").read_text().splitlines():
            words = [vocabulary.fold(word) for word in pair.replace(",", " ").split()[:2]]
            known = all(word in wv for word in words)
            if known and min(vocabulary.counts[vocabulary.ids[w]] for w in words) < RARE_COUNT:
                kept.append(pair)
        if kept:
            (folder / f"{name}.txt").write_text("\n".join(kept))
    kept = []
    for question in (eval_dir / "questions-words.txt").read_text().splitlines():
        ids = [vocabulary.ids.get(vocabulary.fold(word), -1) for word in question.split()]
        if not question.startswith(":") and min(ids) >= 0 and max(ids) >= RARE_RANK:
            kept.append(question)
    if kept:
        (folder / "questions-words.txt").write_text("\n".join(kept))


def score_rare(wv: jaxw2v.WordVectors, folder: Path) -> dict[str, float]:
    """Scores vectors on what :func:`write_rare` wrote; answers come from the whole vocabulary.

    Args:
      wv: the vectors.
      folder: of the files.

    Returns:
      The scores by name, those for which the corpus has such words.
    """
    scores = {}
    for name in SCORES[:2]:
        if (path := folder / f"{name}.txt").exists():
            scores[f"rare_{name}"] = evaluate_similarity(wv, path).spearman
    if (path := folder / "questions-words.txt").exists():
        total = evaluate_analogies(wv, path, restrict=len(wv))[-1]
        scores["rare_google_analogies"] = total.accuracy
    return scores


def run_point(
    frontier: Frontier, stream: TokenStream, part: str, settings: dict, seed: int
) -> dict:
    """Trains at one point and scores it.

    Args:
      frontier: the settings of the experiment.
      stream: the corpus.
      part: the part to which the point belongs.
      settings: where it lies.
      seed: of the draws.

    Returns:
      What was measured.
    """
    small = {"epochs": 1, "embedding_dim": 8} if frontier.smoke else {}
    every = settings.get("every", 1)
    given = {name: value for name, value in settings.items() if name != "every"}
    wv, records = fit_and_measure(
        stream if every == 1 else every_nth_line(stream, every),
        jaxw2v.Config(**{**BASE, **given, "seed": seed, **small}),
    )
    with tempfile.TemporaryDirectory() as folder:
        write_rare(wv, frontier.eval_dir, Path(folder))
        scores = {**score(wv, frontier.eval_dir), **score_rare(wv, Path(folder))}
    seconds = sum(record["seconds"] for record in records)
    return {
        "part": part,
        "settings": settings,
        "seed": seed,
        "raw_words": records[0]["raw_words"],
        "tokens_per_step": records[0]["tokens_per_step"],
        "seconds": seconds,
        "words_per_second": len(records) * records[0]["raw_words"] / seconds,
        **scores,
        **sums(scores),
    }


def sums(scores: dict[str, float]) -> dict[str, float]:
    """Sums of three scores: of all words, and of rare words where there are any.

    Args:
      scores: by name.

    Returns:
      The sums by name.
    """
    groups = {"sum": SCORES, "rare_sum": RARE_SCORES}
    return {
        name: sum(scores[score] for score in group)
        for name, group in groups.items()
        if scores.keys() >= set(group)
    }


def line(run: dict) -> str:
    """A run as a line of text.

    Args:
      run: from :func:`run_point`.

    Returns:
      The line.
    """
    names = (*SCORES, "sum", *RARE_SCORES, "rare_sum")
    scores = "  ".join(f"{run[name]:.3f}" for name in names if name in run)
    return (
        f"{run['part']:11} seed {run['seed']}  {run['words_per_second'] / 1e6:5.2f} M words/s  "
        f"{scores}  {json.dumps(run['settings'])}"
    )


if __name__ == "__main__":
    Frontier.main(__doc__)
