"""1,000 nearest-word queries over a million vectors: one batch against gensim's one by one."""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from experiments import results_file
from experiments.experiment import Experiment, Parts


@dataclasses.dataclass(frozen=True)
class Queries(Experiment):
    """Times queries, and watches memory."""

    SMOKE: ClassVar[dict] = {"words": 30_000, "embedding_dim": 50, "queries": 100, "rounds": 1}

    words: int = 1_000_000
    """Vectors in the table (words)."""
    embedding_dim: int = 300
    """Length of a vector (components)."""
    queries: int = 1_000
    """Words whose ten neighbors are asked for (queries)."""
    rounds: int = 3
    """Rounds of each system, in alternation, each a process of its own (rounds)."""

    def work(self) -> Parts:
        """Both systems in alternation."""
        return {"queries": results_file.in_folder(compare, self)}

    def show(self, results: dict) -> None:
        """Prints the ratios."""
        shown = {key: value for key, value in results["queries"].items() if key != "runs"}
        print(json.dumps(shown, indent=2))


def make_table(settings: Queries, folder: Path) -> Path:
    """Writes random vectors in word2vec's binary format, which both systems read.

    Args:
      settings: the settings.
      folder: receives the file.

    Returns:
      The file.
    """
    import jaxw2v
    from jaxw2v.corpus import Vocabulary

    rng = np.random.default_rng(0)
    shape = settings.words, settings.embedding_dim
    vocabulary = Vocabulary(tuple(f"w{i}" for i in range(shape[0])), np.arange(shape[0], 0, -1))
    vectors = rng.standard_normal(shape, dtype=np.float32)
    jaxw2v.WordVectors(vocabulary, vectors).export(folder / "vectors.bin", "word2vec-bin")
    return folder / "vectors.bin"


class PeakMemory:
    """The largest anonymous memory of this process while something goes on (MiB)."""

    def __init__(self) -> None:
        """Watches nothing yet."""
        self.mib, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(0.005):
            self.mib = max(self.mib, anonymous_mib())

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()


def anonymous_mib() -> float:
    """Anonymous memory that this process holds now (MiB)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no RssAnon in /proc/self/status")


def work(system: str, file: str, queries: int) -> dict:
    """Loads the table and asks; the first query, which prepares, is not counted.

    Args:
      system: ``gensim`` or ``jaxw2v``.
      file: the table.
      queries: how many.

    Returns:
      Seconds, memory and answers.
    """
    asked = [f"w{i}" for i in np.random.default_rng(1).integers(0, queries * 10, queries)]
    record: dict = {"system": system}
    began = time.perf_counter()
    if system == "gensim":
        from gensim.models import KeyedVectors

        before = anonymous_mib()
        with PeakMemory() as peak:
            keyed = KeyedVectors.load_word2vec_format(file, binary=True)
            record["load_seconds"] = time.perf_counter() - began
            keyed.most_similar("w0")
            began = time.perf_counter()
            answers = [keyed.most_similar(word) for word in asked]
            record["query_seconds"] = time.perf_counter() - began
    else:
        import jax

        import jaxw2v

        jax.devices()
        before = anonymous_mib()
        with PeakMemory() as peak:
            wv = jaxw2v.WordVectors.load(file, show_progress=False)
            record["load_seconds"] = time.perf_counter() - began
            wv.most_similar([["w0"]] * queries)
            began = time.perf_counter()
            answers = wv.most_similar([[word] for word in asked])
            record["query_seconds"] = time.perf_counter() - began
            began = time.perf_counter()
            wv.most_similar("w0")
            wv.most_similar("w1")
            began = time.perf_counter()
            wv.most_similar("w2")
            record["one_query_seconds"] = time.perf_counter() - began
    record["peak_mib_above_imports"] = peak.mib - before
    record["answers"] = [[word for word, _ in near] for near in answers]
    return record


def compare(settings: Queries, folder: Path) -> dict:
    """Runs both systems in alternation.

    Args:
      settings: the settings.
      folder: for the table.

    Returns:
      Seconds, memory, the ratios, and whether the answers are the same.
    """
    file = make_table(settings, folder)
    runs: dict[str, list[dict]] = {"gensim": [], "jaxw2v": []}
    for number in range(settings.rounds):
        for system in list(runs) if number % 2 == 0 else list(runs)[::-1]:
            words = [sys.executable, "-m", "experiments.queries.run", "--worker", system]
            done = subprocess.run(
                [*words, str(file), str(settings.queries)],
                check=True,
                capture_output=True,
                text=True,
            )
            runs[system].append(json.loads(done.stdout.splitlines()[-1]))
            print({k: v for k, v in runs[system][-1].items() if k != "answers"})
    answers = {system: runs[system][0].pop("answers") for system in runs}
    for run in (run for of_system in runs.values() for run in of_system):
        run.pop("answers", None)
    seconds = {
        system: statistics.median(run["query_seconds"] for run in of_system)
        for system, of_system in runs.items()
    }
    table = settings.words * settings.embedding_dim * 4 / 2**20
    pairs = list(zip(answers["gensim"], answers["jaxw2v"], strict=True))
    return {
        "table_mib": table,
        "runs": runs,
        "gensim_over_jaxw2v": seconds["gensim"] / seconds["jaxw2v"],
        "peak_over_table": max(run["peak_mib_above_imports"] for run in runs["jaxw2v"]) / table,
        "queries_with_the_same_ten": sum(one == other for one, other in pairs) / len(pairs),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(sys.argv[2], sys.argv[3], int(sys.argv[4]))))
    else:
        Queries.main(__doc__)
