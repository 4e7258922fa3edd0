"""Runs that are killed, text that is streamed, queries, and bits that repeat."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

import jaxw2v
from experiments.accelerator.jobs import PROGRAM, distance, plain, run
from experiments.accelerator.settings import Keep, Settings
from experiments.accelerator.stream import make_stream
from experiments.fitting import fit_and_measure, speed_after_first
from jaxw2v.corpus import Vocabulary

PATIENCE = 120
"""How long to wait for a first checkpoint (seconds)."""


def resume(settings: Settings, keep: Keep, *options: str) -> dict:
    """A run that saves is killed after its first checkpoint and resumed; another is not killed.

    Args:
      settings: of the experiment.
      keep: unused.
      options: of the command line, further ones.

    Returns:
      Both runs, and how far their vectors are apart.

    Raises:
      RuntimeError: the run ended, or nothing was saved in time.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus, cache = plain(settings.corpus, folder), folder / "cache"
        given = *options, *(("--embedding-dim", 8) if settings.smoke else ())
        often = "--checkpoint-steps", 20 if settings.smoke else 200
        whole = run(corpus, folder / "whole", cache, *given, *often)
        killed = folder / "killed"
        words = [*PROGRAM, corpus, "--out", killed, *given, *often]
        environment = {**os.environ, "JAXW2V_CACHE": str(cache)}
        process = subprocess.Popen(
            list(map(str, words)), env=environment, stderr=subprocess.DEVNULL
        )
        began = time.monotonic()
        while not any(path.name.isdigit() for path in killed.glob("checkpoints/*")):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError("no checkpoint was written while the run went on")
            time.sleep(0.01)
        process.kill()
        process.wait()
        resumed = run(corpus, killed, cache, *given, *often, "--resume")
        found = {
            "not_killed": whole,
            "resumed": resumed,
            "vectors": distance(folder / "whole", killed),
        }
    print(found, flush=True)
    return found


def streaming(settings: Settings, keep: Keep) -> dict:
    """The token stream kept on the device, and read from the host in each epoch.

    Args:
      settings: of the experiment.
      keep: unused.

    Returns:
      Words a second of each, and their ratio.
    """
    stream, found = make_stream(settings), {}
    for name, resident in (("resident", True), ("streamed", False)):
        config = jaxw2v.Config(embedding_dim=128, epochs=4)
        _, records = fit_and_measure(stream, config, resident=resident)
        found[name] = speed_after_first(records)
    found["streamed_over_resident"] = found["streamed"] / found["resident"]
    print(found, flush=True)
    return found


def queries(settings: Settings, keep: Keep) -> dict:
    """1,000 queries over a million vectors.

    Args:
      settings: of the experiment.
      keep: unused.

    Returns:
      Seconds of the first batch, which prepares, of the second, and of one query alone.
    """
    size, dim, count = (2_000, 20, 50) if settings.smoke else (1_000_000, 300, 1_000)
    table = np.random.default_rng(0).standard_normal((size, dim), dtype=np.float32)
    vocabulary = Vocabulary(tuple(f"w{i}" for i in range(size)), np.arange(size, 0, -1))
    wv = jaxw2v.WordVectors(vocabulary, table)
    asked = [[f"w{i}"] for i in np.random.default_rng(1).integers(0, size, count)]
    found: dict = {"words": size, "embedding_dim": dim, "queries": count}
    batches = ("first", asked[::-1]), ("second", asked), ("one_first", [["w0"]]), ("one", [["w1"]])
    answers = {}
    jax.block_until_ready(jax.numpy.ones(1) + 1)
    for name, batch in batches:
        began = time.perf_counter()
        answers[name] = wv.most_similar(batch)
        found[f"{name}_seconds"] = time.perf_counter() - began
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    right = 0
    for (word,), near in zip(asked[:20], answers["second"][:20], strict=True):
        best = np.argsort(-(unit @ unit[int(word[1:])]))[1:11]
        right += {f"w{i}" for i in best} == {other for other, _ in near}
    found["same_ten_as_numpy"] = f"{right} of 20"
    found["peak_device_bytes"] = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    print(found, flush=True)
    return found


def resume_deterministic(settings: Settings, keep: Keep) -> dict:
    """The part "resume" with ``--deterministic``; arguments and result as of :func:`resume`."""
    return resume(settings, keep, "--deterministic")


def deterministic(settings: Settings, keep: Keep) -> dict:
    """Two runs of one seed with ``--deterministic``.

    Args:
      settings: of the experiment.
      keep: unused.

    Returns:
      Words a second, and whether the vectors have the same bits.
    """
    return _two_runs(settings, deterministic=True)


def deterministic_by_flag(settings: Settings, keep: Keep) -> dict:
    """Two runs of one seed with XLA's flag; arguments and result as of :func:`deterministic`."""
    return _two_runs(settings, deterministic=False)


def _two_runs(settings: Settings, deterministic: bool) -> dict:
    stream = make_stream(settings, share=4)
    config = jaxw2v.Config(embedding_dim=128, epochs=3, deterministic=deterministic)
    (one, _), (other, records) = (fit_and_measure(stream, config) for _ in range(2))
    found = {
        "words_per_second": speed_after_first(records),
        "same_bits": bool(np.array_equal(one.vectors, other.vectors)),
    }
    print(found, flush=True)
    return found
