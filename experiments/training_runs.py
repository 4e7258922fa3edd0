"""Runs of gensim and of jaxw2v on the same tokens, each in a process of its own.

python -m experiments.training_runs JSON
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
from typing import Literal

import numpy as np

import jaxw2v
from experiments.scores import SCORES, answers, score_kinds

SMOKE_SENTENCES = 2_000
"""Sentences of a smoke run."""


@dataclasses.dataclass(frozen=True)
class Worker:
    """One run of one system."""

    system: Literal["gensim", "jaxw2v", "fasttext"]
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
    subwords: bool = False
    """Whether vectors are made of n-grams, as fastText's always are."""
    more_pairs: tuple[Path, ...] = ()
    """Further files of word pairs with scores."""
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
        subwords=worker.subwords,
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


def train_fasttext(worker: Worker) -> tuple[jaxw2v.WordVectors, dict]:
    """Trains fastText, whose training and reading cannot be told apart.

    Args:
      worker: the run.

    Returns:
      The vectors, and what was measured.
    """
    import fasttext

    begun = time.perf_counter()
    model = fasttext.train_unsupervised(
        str(worker.tokens),
        model=worker.objective,
        dim=worker.embedding_dim,
        epoch=worker.epochs,
        lr=worker.learning_rate or 0.05,
        ws=5,
        neg=5,
        minn=3,
        maxn=6,
        t=worker.subsample_threshold,
        thread=worker.workers,
        verbose=0,
    )
    measured = {
        "train_seconds": time.perf_counter() - begun,
        "total_seconds": time.perf_counter() - begun,
        "peak_memory_mib": peak_memory_mib(),
    }
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.bin")
        wv = jaxw2v.WordVectors.load(f"{folder}/model.bin", show_progress=False)
    with open(worker.tokens, "rb") as text:
        return wv, measured | {"raw_words": sum(len(line.split()) for line in text)}


TRAIN = {"gensim": train_gensim, "jaxw2v": train_jaxw2v, "fasttext": train_fasttext}


def run_worker(worker: Worker) -> None:
    """Trains, scores, and prints one line of JSON.

    Args:
      worker: the run.
    """
    wv, measured = TRAIN[worker.system](worker)
    measured["words_per_second"] = worker.epochs * measured["raw_words"] / measured["train_seconds"]
    measured |= score_kinds(wv, worker.eval_dir, worker.more_pairs)
    if worker.answers:
        measured["answers"] = answers(wv, worker.eval_dir)
    names = (
        "system",
        "objective",
        "output_layer",
        "row_updates",
        "learning_rate",
        "seed",
        "subwords",
    )
    print(json.dumps({name: getattr(worker, name) for name in names} | measured))


def peak_memory_mib() -> float:
    """The most memory this process has held.

    Returns:
      MiB, from Linux's ``VmHWM`` (``ru_maxrss`` starts from that of the parent).
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def write_tokens(corpus: str, path: Path, max_sentences: int | None = None) -> None:
    """Tokenizes the corpus once, so that both systems read the same tokens.

    Args:
      corpus: text file, one sentence or paragraph a line.
      path: receives a sentence a line, words between blanks.
      max_sentences: only so many first sentences; ``None`` takes all.
    """
    from jaxw2v.corpus import open_corpus

    stream = open_corpus(corpus, jaxw2v.Config(min_count=1))
    words = stream.vocabulary.words
    ids, sentence_ids = stream.read(0, len(stream))
    sentences = np.split(ids, np.flatnonzero(np.diff(sentence_ids)) + 1)
    with open(path, "w", encoding="utf-8") as out:
        for sentence in sentences[:max_sentences]:
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
        [sys.executable, "-m", "experiments.training_runs", text],
        env={**os.environ, "JAXW2V_CACHE": str(folder)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    run = json.loads(done.stdout.splitlines()[-1])
    print(_line(run), flush=True)
    shutil.rmtree(folder / "streams", ignore_errors=True)
    return run


def _line(run: dict) -> str:
    scores = "  ".join(f"{name} {run[name]:.3f}" for name in SCORES)
    return (
        f"{run['system']:7} {run['objective']:8} {run['output_layer']:20} seed {run['seed']}  "
        f"{run['words_per_second'] / 1e6:.3f} M words/s  {scores}  "
        f"peak {run['peak_memory_mib']:.0f} MiB  compile {run.get('compile_seconds', 0):.1f} s  "
        f"total {run['total_seconds']:.0f} s"
    )


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given.update({name: Path(given[name]) for name in ("tokens", "eval_dir")})
    given["more_pairs"] = tuple(map(Path, given["more_pairs"]))
    run_worker(Worker(**given))
