"""Words a second by tokens a step, with kernels and gaps; precisions; meshes."""

from __future__ import annotations

import contextlib

import jax

import jaxw2v
from experiments.accelerator.settings import Keep, Settings
from experiments.accelerator.stream import make_stream
from experiments.fitting import fit_and_measure, speed_after_first
from experiments.throughput.floors import count_step, measured_ceilings
from experiments.throughput.kernels import by_time, gaps, recorded
from jaxw2v.corpus import TokenStream
from jaxw2v.training import make_job

CASES = {
    "dim 128": {"embedding_dim": 128},
    "dim 300": {"embedding_dim": 300},
    "blog": {"embedding_dim": 300, "window": 8, "num_negatives": 50},
}
"""Window 5 and 5 negatives, or the PyTorch blog's 8 and 50."""
SIZES = {
    "dim 128": (65_536, 16_384, 262_144, 1_048_576),
    "dim 300": (65_536, 262_144),
    "blog": (65_536, 262_144),
}
"""Tokens in a step (words)."""
PROFILED = (("dim 128", 65_536), ("dim 300", 65_536), ("dim 128", 16_384))
"""Cases whose kernels are timed; in a CUDA graph the profiler does not see them."""
EPOCHS = 4
BLOG_WORDS = 5 * 77_500_000
"""What the blog trains on: five epochs of WikiText-103 (words)."""


class _LastEpoch(jaxw2v.Callback):
    """Records the kernels of the last epoch, up to its last chunk."""

    def __init__(self, words: int):
        self.words, self.events = words, []
        self._open = contextlib.ExitStack()

    def on_epoch_end(self, wv, metrics) -> None:
        """Begins."""
        if len(metrics) == EPOCHS - 1:
            self.events = self._open.enter_context(recorded())

    def on_chunk_end(self, progress) -> None:
        """Ends."""
        if progress.words >= self.words:
            self._open.close()


def _train(stream: TokenStream, name: str, profiled: bool = False, **given: object) -> dict:
    """Trains; the first epoch, which reads the text and warms up, is told apart."""
    config = jaxw2v.Config(epochs=EPOCHS, **{**CASES[name], **given})
    watch = _LastEpoch(EPOCHS * stream.raw_words)
    _, records = fit_and_measure(stream, config, callbacks=[watch] if profiled else [])
    speed = speed_after_first(records[: EPOCHS - profiled])
    counts = stream.vocabulary.counts
    job = make_job(config, counts)
    kept = float((counts * job.keep).sum() / counts.sum())
    found = {
        "name": name,
        **given,
        "tokens_per_step": records[0]["tokens_per_step"],
        "words_per_second": speed,
        "kept_tokens_per_second": kept * speed,
        "step_milliseconds": 1e3 * records[0]["tokens_per_step"] / (kept * speed),
        "steps": records[-1]["steps"],
        "loss": records[-1]["loss"],
        "first_epoch_seconds": records[0]["seconds"],
        "compile_seconds": records[0]["compile_seconds"],
        "peak_device_bytes": (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use"),
    }
    if profiled:
        found |= {"last_epoch": gaps(watch.events), "kernels": by_time(watch.events)}
    print(_line(found), flush=True)
    return found


def _line(found: dict) -> str:
    line = (
        f"{found['name']:8} {found['tokens_per_step']:9,} a step "
        f"{found['words_per_second'] / 1e6:8.1f} M words/s, kept "
        f"{found['kept_tokens_per_second'] / 1e6:.1f} M, step {found['step_milliseconds']:.3f} ms, "
        f"loss {found['loss']:.4f}"
    )
    if "last_epoch" in found:
        times = found["last_epoch"]
        line += f"; busy {times['busy_milliseconds']:.0f} of {times['milliseconds']:.0f} ms"
    return line


def cases(settings: Settings, keep: Keep) -> dict:
    """Every case by tokens a step, and what memory and arithmetic allow.

    Args:
      settings: of the experiment.
      keep: writes the cases that are done.

    Returns:
      The cases, and the ceilings of this machine.
    """
    stream = make_stream(settings)
    small = settings.smoke or jax.default_backend() == "cpu"
    ceilings = measured_ceilings(64 if small else 8_192, 1 << (16 if small else 30))
    found: dict = {"device": jax.devices()[0].device_kind, "ceilings": ceilings, "cases": []}
    counts = stream.vocabulary.counts
    for name, sizes in SIZES.items():
        for size in (2_048,) if settings.smoke else sizes:
            case = _train(stream, name, tokens_per_step=size)
            step = count_step(jaxw2v.Config(**CASES[name]), counts, case["tokens_per_step"])
            floor = 1e3 * step["bytes"] / ceilings["bytes_per_second"]
            case |= {"memory_floor_milliseconds": floor}
            case |= {"share_of_memory_floor": floor / case["step_milliseconds"]}
            if name == "blog":
                case["blog_seconds"] = BLOG_WORDS / case["words_per_second"]
            found["cases"].append(case)
            keep(found)
    return found


def profiles(settings: Settings, keep: Keep) -> dict:
    """Kernels and gaps between them, for a process whose programs are no CUDA graphs.

    Args:
      settings: of the experiment.
      keep: writes the cases that are done.

    Returns:
      The cases.
    """
    stream = make_stream(settings)
    found: dict = {"cases": []}
    for name, size in PROFILED[: 1 if settings.smoke else None]:
        size = 2_048 if settings.smoke else size
        case = _train(stream, name, profiled=True, tokens_per_step=size)
        case["kernel_milliseconds"] = case["last_epoch"]["busy_milliseconds"] / (
            case["steps"] / EPOCHS
        )
        found["cases"].append(case)
        keep(found)
    return found


def precisions(settings: Settings, keep: Keep) -> dict:
    """Operands of products rounded to TF32 and bfloat16, beside full precision.

    Args:
      settings: of the experiment.
      keep: writes the cases that are done.

    Returns:
      The cases.
    """
    stream = make_stream(settings)
    found: dict = {"cases": []}
    for precision in ("float32", "tensorfloat32", "bfloat16"):
        size = 2_048 if settings.smoke else 65_536
        case = _train(stream, "dim 128", tokens_per_step=size, precision=precision)
        found["cases"].append(case)
        keep(found)
    return found


def meshes(settings: Settings, keep: Keep) -> dict:
    """All devices, with tables replicated and sharded, beside one.

    Args:
      settings: of the experiment.
      keep: writes the meshes that are done.

    Returns:
      Words a second of each mesh.
    """
    stream, count = make_stream(settings), jax.device_count()
    found: dict = {"devices": count, "meshes": []}
    for mesh in dict.fromkeys(("1x1", f"{count}x1", f"1x{count}")) if count > 1 else ():
        config = jaxw2v.Config(**CASES["dim 128"], epochs=EPOCHS)
        _, records = fit_and_measure(stream, config, mesh)
        found["meshes"].append({"mesh": mesh, "words_per_second": speed_after_first(records)})
        print(found["meshes"][-1], flush=True)
        keep(found)
    return found
