"""Text larger than memory: peaks of memory, and the speed of streaming. See README.md."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar, Literal

from experiments import results_file
from experiments.experiment import Experiment, Parts
from jaxw2v import Config, WordVectors
from jaxw2v.corpus import TokenStream
from jaxw2v.training import fit

PROGRAM = [sys.executable, "-m", "jaxw2v"]


@dataclasses.dataclass(frozen=True)
class Streaming(Experiment):
    """Encodes and trains on many copies of a text."""

    SMOKE: ClassVar[dict] = {"copies": 2, "rounds": 1}

    corpus: Path
    """Text file, one sentence or paragraph a line."""
    parts: tuple[Literal["memory", "speed"], ...] = ("memory", "speed")
    """What to measure."""
    copies: int = 64
    """Times that the text is read, as so many files (copies)."""
    rounds: int = 3
    """Runs with the stream read from disk and kept on the device, in alternation (runs)."""

    def work(self) -> Parts:
        """What is asked for."""
        parts = {"memory": measure_memory, "speed": measure_speed}
        return {part: results_file.in_folder(parts[part], self) for part in self.parts}


def watch(words: list[str], until: float = float("inf")) -> dict:
    """Runs a command and watches its memory.

    Args:
      words: the command.
      until: kill it after so long (seconds).

    Returns:
      Exit code, seconds, what it printed last, and the largest anonymous memory that was seen
      (MiB): that which is not a file's.
    """
    began, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said)
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            for line in status.splitlines():
                if line.startswith("RssAnon"):
                    peak = max(peak, int(line.split()[1]))
            if time.perf_counter() - began > until:
                process.kill()
            time.sleep(0.02)
        said.seek(0)
        last = said.read().replace("\r", "\n").strip().rpartition("\n")[2]
    return {
        "exit_code": process.returncode,
        "seconds": round(time.perf_counter() - began, 1),
        "peak_anonymous_mib": round(peak / 1024),
        "said": last.strip(),
    }


def measure_memory(settings: Streaming, folder: Path) -> dict:
    """Peak memory of encoding, of encoding that is killed and taken up, and of training.

    Args:
      settings: the settings.
      folder: for the token streams.

    Returns:
      Sizes and peaks.
    """
    texts = [str(settings.corpus)] * settings.copies
    options = ["--max-vocabulary", "20000"]
    whole, killed = folder / "whole", folder / "killed"
    encode = [*PROGRAM, "encode", *texts, *options, "--out"]
    encoded = watch([*encode, str(whole)])
    size = sum(path.stat().st_size for path in whole.glob("shard-*")) / 2**20
    rng = random.Random(0)
    attempts = [watch([*encode, str(killed)], rng.uniform(0.2, 0.5) * encoded["seconds"])]
    attempts.append(watch([*encode, str(killed)]))
    digests = [TokenStream.load(path).digest for path in (whole, killed)]
    train = ["train", str(whole), "--embedding-dim", "32", "--epochs", "1"]
    trained = watch([*PROGRAM, *train, "--out", str(folder / "vectors")])
    result = {
        "words": TokenStream.load(whole).raw_words,
        "stream_mib": round(size),
        "encoding": encoded,
        "killed_with": -signal.SIGKILL,
        "encoding_killed_and_taken_up": attempts,
        "taken_up_is_the_same": digests[0] == digests[1],
        "training": trained,
        "stream_over_encoding_memory": size / encoded["peak_anonymous_mib"],
        "stream_over_training_memory": size / trained["peak_anonymous_mib"],
    }
    print(json.dumps(result, indent=2))
    return result


def measure_speed(settings: Streaming, folder: Path) -> dict:
    """Words a second with the stream read from disk and kept on the device.

    Args:
      settings: the settings.
      folder: for the token stream.

    Returns:
      Words a second of each run, and the ratio of their medians.
    """
    encode = [*PROGRAM, "encode", str(settings.corpus), "--out", str(folder / "stream")]
    subprocess.run(encode, check=True, capture_output=True)
    speeds: dict[str, list[float]] = {"streamed": [], "resident": []}
    digests = set()
    for number in range(settings.rounds):
        kinds = ["streamed", "resident"]
        for kind in kinds if number % 2 == 0 else kinds[::-1]:
            # A process of its own: each run compiles, and finds memory, anew.
            words = [sys.executable, "-m", "experiments.streaming.run", "--worker"]
            run = subprocess.run(
                [*words, str(folder / "stream"), kind], check=True, capture_output=True, text=True
            )
            record = json.loads(run.stdout.splitlines()[-1])
            speeds[kind].append(record["words_per_second"])
            digests.add(record["sha256"])
            print(kind, round(speeds[kind][-1]))
    medians = {kind: statistics.median(values) for kind, values in speeds.items()}
    return {
        "words_per_second": speeds,
        "streamed_over_resident": medians["streamed"] / medians["resident"],
        "same_bits": len(digests) == 1,
    }


def work(stream: Path, kind: str) -> dict:
    """Trains three epochs; the first one fills the device where the stream is to stay.

    Args:
      stream: an encoded corpus.
      kind: ``streamed`` or ``resident``.

    Returns:
      Words a second of the other epochs, and a digest of the vectors.
    """
    seen = []

    def remember(wv: WordVectors, metrics: list[dict]) -> None:
        seen[:] = metrics

    wv = fit(
        TokenStream.load(stream),
        Config(epochs=3),
        on_epoch=remember,
        resident=kind == "resident",
        show_progress=False,
    )
    later = seen[1:]
    return {
        "words_per_second": sum(r["raw_words"] for r in later) / sum(r["seconds"] for r in later),
        "sha256": hashlib.sha256(wv.vectors.tobytes()).hexdigest(),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(Path(sys.argv[2]), sys.argv[3])))
    else:
        Streaming.main(__doc__)
