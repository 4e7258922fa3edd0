"""Other programs on the same words: gensim, and fastText and word2vec.c if they are on the PATH."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import jaxw2v
from experiments.throughput.synthetic import SENTENCE
from jaxw2v.corpus import TokenStream

SHORT, LONG = 1, 3
"""Epochs of the two runs whose difference is the time of training alone."""


def write_text(stream: TokenStream, path: Path) -> None:
    """Writes the corpus as words between blanks.

    Args:
      stream: the corpus; sentences of equal length.
      path: the file.
    """
    words = np.array(stream.vocabulary.words)
    ids, _ = stream.read(0, len(stream))
    with open(path, "w", encoding="utf-8") as out:
        for start in range(0, len(ids), SENTENCE):
            out.write(" ".join(words[ids[start : start + SENTENCE]]) + "\n")


def word2vec_c(text: Path, out: Path, config: jaxw2v.Config, threads: int, epochs: int) -> list:
    """The command line of word2vec.c.

    Args:
      text: the corpus.
      out: receives vectors.
      config: dimension, window, negatives and threshold.
      threads: of the program.
      epochs: passes.

    Returns:
      The words of the command.
    """
    return [
        *("word2vec", "-train", text, "-output", out, "-cbow", 0, "-hs", 0, "-min-count", 1),
        *("-size", config.embedding_dim, "-window", config.window, "-iter", epochs),
        *("-negative", config.num_negatives, "-sample", config.subsample_threshold),
        *("-threads", threads, "-binary", 1),
    ]


def fasttext(text: Path, out: Path, config: jaxw2v.Config, threads: int, epochs: int) -> list:
    """The command line of fastText, without subwords.

    Args: as for :func:`word2vec_c`.

    Returns:
      The words of the command.
    """
    return [
        *("fasttext", "skipgram", "-input", text, "-output", out, "-minCount", 1, "-maxn", 0),
        *("-dim", config.embedding_dim, "-ws", config.window, "-epoch", epochs),
        *("-neg", config.num_negatives, "-t", config.subsample_threshold),
        *("-thread", threads, "-verbose", 0),
    ]


def time_gensim(text: Path, config: jaxw2v.Config, threads: int) -> float:
    """Trains gensim.

    Args:
      text: the corpus.
      config: dimension, window, negatives and threshold.
      threads: of gensim.

    Returns:
      Seconds an epoch.
    """
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=config.embedding_dim,
        window=config.window,
        negative=config.num_negatives,
        sample=config.subsample_threshold,
        sg=1,
        min_count=1,
        workers=threads,
    )
    model.build_vocab(corpus_file=str(text))
    started = time.perf_counter()
    model.train(
        corpus_file=str(text),
        total_words=model.corpus_total_words,
        total_examples=model.corpus_count,
        epochs=1,
    )
    return time.perf_counter() - started


def time_program(command: Callable[..., list], *given: object) -> float:
    """Runs a program for few epochs and for more; the difference is training.

    Args:
      command: :func:`word2vec_c` or :func:`fasttext`.
      given: its first arguments.

    Returns:
      Seconds an epoch.
    """
    seconds = []
    for epochs in (SHORT, LONG):
        words = [str(word) for word in command(*given, epochs)]
        started = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return (seconds[1] - seconds[0]) / (LONG - SHORT)


def measure_peers(stream: TokenStream, config: jaxw2v.Config, threads: int) -> list[dict]:
    """Words a second of every program that is installed.

    Args:
      stream: the corpus.
      config: dimension, window, negatives and threshold.
      threads: of each program.

    Returns:
      A record for each.
    """
    with tempfile.TemporaryDirectory() as folder:
        text, out = Path(folder) / "text.txt", Path(folder) / "vectors"
        write_text(stream, text)
        times = {"gensim": time_gensim(text, config, threads)}
        for name, command in (("word2vec", word2vec_c), ("fasttext", fasttext)):
            if shutil.which(name):
                times[name] = time_program(command, text, out, config, threads)
    return [
        {"program": name, "words_per_second": len(stream) / seconds, "threads": threads}
        for name, seconds in times.items()
    ]
