"""Files of vectors that other programs read and write, and how fast large ones are loaded."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from experiments import markdown, results_file
from experiments.experiment import Experiment, Parts
from experiments.queries.run import PeakMemory, anonymous_mib
from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary


@dataclasses.dataclass(frozen=True)
class PeerFiles(Experiment):
    """Writes and reads files with other programs; those that are not installed are passed over."""

    SMOKE: ClassVar[dict] = {"words": 20_000, "embedding_dim": 50}

    run: Path
    """Folder that jaxw2v train wrote."""
    files: tuple[Path, ...] = ()
    """Files that word2vec.c, fastText or GloVe wrote; gensim reads them too."""
    parts: tuple[str, ...] = ("round_trips", "files", "load_speed")
    """What to measure."""
    words: int = 1_000_000
    """Vectors of the files whose loading is timed (words)."""
    embedding_dim: int = 300
    """Length of those vectors (components)."""

    def work(self) -> Parts:
        """What is asked for."""
        parts = {"round_trips": round_trips, "files": compare_files, "load_speed": load_speed}
        return {part: results_file.in_folder(parts[part], self) for part in self.parts}


Read = tuple[list[str], np.ndarray]


def gensim_reads(path: Path, **options: object) -> Read:
    """Words and vectors as gensim reads them."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors.load_word2vec_format(path, **options)
    return list(keyed.index_to_key), keyed.vectors


def gensim_writes(wv: WordVectors, path: Path, **options: object) -> None:
    """Has gensim write vectors."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(wv.vectors.shape[1])
    keyed.add_vectors(list(wv.words), wv.vectors)
    keyed.save_word2vec_format(str(path), **options)


def safetensors_reads(path: Path) -> Read:
    """Words and vectors as the library of the format reads them."""
    from safetensors.numpy import load_file

    tensors = load_file(path)
    return tensors["words"].tobytes().decode().split("\n"), tensors["input_embedding"]


def model2vec_reads(path: Path) -> Read:
    """Words and vectors as model2vec holds them, without the row of unknown words."""
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(path)
    return list(model.tokens[:-1]), model.embedding[:-1]


def model2vec_writes(wv: WordVectors, path: Path) -> None:
    """Has model2vec write a model of its own making."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    ids = {word: i for i, word in enumerate([*wv.words, "[UNK]"])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    table = np.concatenate([wv.vectors, np.zeros((1, wv.vectors.shape[1]), np.float32)])
    StaticModel(table, tokenizer).save_pretrained(path)


def sentence_transformers_reads(path: Path) -> Read:
    """Words, and the vector that sentence-transformers computes of each as a text."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(path), device="cpu")
    vocabulary = model.tokenizer.get_vocab()
    words = sorted(vocabulary, key=vocabulary.get)[:-1]
    return words, model.encode(words, batch_size=4096)


def sentence_transformers_writes(wv: WordVectors, path: Path) -> None:
    """Has sentence-transformers write a model of its own making."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    ids = {word: i for i, word in enumerate([*wv.words, "[UNK]"])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    table = np.concatenate([wv.vectors, np.zeros((1, wv.vectors.shape[1]), np.float32)])
    layer = StaticEmbedding(tokenizer, embedding_weights=torch.from_numpy(table))
    SentenceTransformer(modules=[layer], device="cpu").save(str(path))


@contextlib.contextmanager
def tensorboard(logdir: Path) -> Iterator[str]:
    """Starts TensorBoard.

    Args:
      logdir: what it shows.

    Yields:
      Its address.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    process = subprocess.Popen(
        [*words, "--port", str(port), "--load_fast", "false"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}/data/plugin/projector/"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}runs") as answer:
                if json.load(answer):
                    break
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def tensorboard_reads(path: Path) -> Read:
    """Words and vectors as TensorBoard's projector serves them to its page."""
    with tensorboard(path) as address:

        def get(what: str, **query: str) -> bytes:
            url = f"{address}{what}?{urllib.parse.urlencode(query)}"
            with urllib.request.urlopen(url) as answer:
                return answer.read()

        (run,) = json.loads(get("runs"))
        (shown,) = json.loads(get("info", run=run))["embeddings"]
        name = shown["tensorName"]
        rows, dim = shown["tensorShape"]
        limit = {"num_rows": str(rows)}
        vectors = np.frombuffer(get("tensor", run=run, name=name, **limit), np.float32)
        lines = get("metadata", run=run, name=name, **limit).decode().split("\n")
    words = [line.split("\t")[0] for line in lines[1:] if line]
    return words, vectors.reshape(-1, dim)


WE_WRITE: dict[tuple[str, str], Callable[[Path], Read]] = {
    ("word2vec-text", "gensim"): gensim_reads,
    ("word2vec-bin", "gensim"): functools.partial(gensim_reads, binary=True),
    ("glove", "gensim"): functools.partial(gensim_reads, no_header=True),
    ("safetensors", "safetensors"): safetensors_reads,
    ("static-embedding", "model2vec"): model2vec_reads,
    ("static-embedding", "sentence_transformers"): sentence_transformers_reads,
    ("tensorboard", "tensorboard"): tensorboard_reads,
}
THEY_WRITE: dict[tuple[str, str], Callable[[WordVectors, Path], None]] = {
    ("word2vec-text", "gensim"): gensim_writes,
    ("word2vec-bin", "gensim"): functools.partial(gensim_writes, binary=True),
    ("glove", "gensim"): functools.partial(gensim_writes, write_header=False),
    ("static-embedding", "model2vec"): model2vec_writes,
    ("static-embedding", "sentence_transformers"): sentence_transformers_writes,
}


def round_trips(settings: PeerFiles, folder: Path) -> list[dict]:
    """Writes and reads every format with every program that is installed.

    Args:
      settings: the settings.
      folder: for the files.

    Returns:
      A record for each format, direction and program.
    """
    wv = WordVectors.load(settings.run, limit=2_000 if settings.smoke else None)
    records = []
    for (format, peer), read in WE_WRITE.items():
        path = folder / f"ours-{format}-{peer}"

        def ours(path=path, format=format, read=read) -> Read:
            wv.export(path, format)
            return read(path)

        records.append(compared(wv, "we write, they read", format, peer, ours))
    for (format, peer), write in THEY_WRITE.items():
        path = folder / f"theirs-{format}-{peer}"

        def theirs(path=path, write=write) -> Read:
            write(wv, path)
            found = WordVectors.load(path, show_progress=False)
            return list(found.words), found.vectors

        records.append(compared(wv, "they write, we read", format, peer, theirs))
    return records


def compared(
    wv: WordVectors, direction: str, format: str, peer: str, read: Callable[[], Read]
) -> dict:
    """One row of the table.

    Args:
      wv: what was written.
      direction: who writes.
      format: the format.
      peer: the other program.
      read: what the reader has found.

    Returns:
      Whether words are the same, and the largest difference of a number.
    """
    record = {"direction": direction, "format": format, "program": peer}
    if importlib.util.find_spec(peer) is None:
        record["outcome"] = "not installed"
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            words, vectors = read()
        record |= {
            "words": len(words),
            "same_words": words == list(wv.words),
            "largest_difference": float(np.abs(vectors - wv.vectors).max()),
        }
    print(record)
    return record


def compare_files(settings: PeerFiles, folder: Path) -> list[dict]:
    """Reads files of other programs, and compares with what gensim reads.

    Args:
      settings: the settings.
      folder: not used.

    Returns:
      A record for each file.
    """
    del folder
    records = []
    for file in settings.files:
        wv = WordVectors.load(file, show_progress=False)
        with open(file, "rb") as content:
            first, second = content.readline().split(), content.read(4096)
        header = len(first) == 2 and all(map(bytes.isdigit, first))
        words, vectors = gensim_reads(file, binary=b"\0" in second, no_header=not header)
        records.append(
            {
                "file": file.name,
                "words": len(wv),
                "components": wv.vectors.shape[1],
                "same_words_as_gensim": words == list(wv.words),
                "largest_difference": float(np.abs(vectors - wv.vectors).max()),
            }
        )
        print(records[-1])
    return records


def load_speed(settings: PeerFiles, folder: Path) -> list[dict]:
    """Times loading a large table in a process of its own.

    Args:
      settings: the settings.
      folder: for the files.

    Returns:
      A record for each format.
    """
    shape = (settings.words, settings.embedding_dim)
    vectors = 0.3 * np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    vocabulary = Vocabulary(tuple(f"word{i}" for i in range(shape[0])), np.arange(shape[0], 0, -1))
    wv, records = WordVectors(vocabulary, vectors), []
    for format in ("word2vec-text", "glove", "word2vec-bin", "safetensors"):
        path = folder / f"vectors-{format}"
        began = time.perf_counter()
        wv.export(path, format)
        written = time.perf_counter() - began
        words = [sys.executable, "-m", "experiments.peer_files.run", "--worker", str(path)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        records.append(
            {
                "format": format,
                "file_mib": path.stat().st_size / 2**20,
                "write_seconds": written,
                **json.loads(done.stdout.splitlines()[-1]),
            }
        )
        print(records[-1])
    return records


def work(path: str) -> dict:
    """Loads a file.

    Args:
      path: the file.

    Returns:
      Seconds, and the largest memory over the table.
    """
    before, began = anonymous_mib(), time.perf_counter()
    with PeakMemory() as peak:
        wv = WordVectors.load(path, show_progress=False)
    seconds = time.perf_counter() - began
    return {
        "words": len(wv),
        "load_seconds": seconds,
        "peak_over_table": (peak.mib - before) * 2**20 / wv.vectors.nbytes,
    }


def speed_table(records: list[dict]) -> str:
    """How fast files are written and read, as a Markdown table.

    Args:
      records: of :func:`load_speed`.

    Returns:
      The table.
    """
    return markdown.table(
        ("format", "file, MiB", "write, s", "load, s", "peak memory over the table"),
        (
            (
                r["format"],
                f"{r['file_mib']:,.0f}",
                f"{r['write_seconds']:.1f}",
                f"{r['load_seconds']:.1f}",
                f"{r['peak_over_table']:.2f}",
            )
            for r in records
        ),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(sys.argv[2])))
    else:
        PeerFiles.main(__doc__)
