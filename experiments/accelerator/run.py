"""What an accelerator makes of jaxw2v, in minutes: parts, the most valuable first.

Each part is a process of its own, so that flags of XLA differ, a part that fails takes no other
with it, and results of a run cut short are kept. See README.md beside this.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

from experiments import command_line, results_file
from experiments.accelerator.settings import Settings
from experiments.scores import check_file, check_sets

HERE = Path(__file__).parent
MODULE = "-m", "experiments.accelerator.part"
"""How Python is told to do a part."""
NO_GRAPHS = "--xla_gpu_enable_command_buffer="
DETERMINISTIC = "--xla_gpu_deterministic_ops=true"
FLAGS = {
    "without_graphs": NO_GRAPHS,
    "deterministic": DETERMINISTIC,
    "resume_deterministic": DETERMINISTIC,
}
"""Flags of XLA by part."""
LINES = 20
"""Of the messages of a part that failed, the last ones are shown (lines)."""
NEED_CORPUS = ("job", "resume", "job_precision", "resume_deterministic")
PARTS = (
    "device",
    "agreement",
    "speed",
    "job",
    "without_graphs",
    "precision",
    "job_precision",
    "resume",
    "streaming",
    "queries",
    "deterministic",
    "meshes",
    "resume_deterministic",
)


@dataclasses.dataclass(frozen=True)
class Accelerator:
    """Measures on this machine's accelerator whatever fits into the time."""

    corpus: Path | None = None
    """English Wikipedia, plain or .xz, for the whole job; without it those parts are left out."""
    eval_dir: Path | None = None
    """Folder with ws353.txt, simlex999.txt and questions-words.txt, needed with the corpus."""
    parts: tuple[Literal[PARTS], ...] = PARTS
    """What to measure, in this order."""
    minutes: float = 8.0
    """No part goes on after this (minutes)."""
    tokens: int = 30_000_000
    """Tokens of the synthetic corpus (words)."""
    results: Path = HERE / "results.json"
    """File that receives the results as they come; other parts stay in it."""
    smoke: bool = False
    """Small sizes."""


def measure(given: Accelerator) -> dict:
    """Does the parts one after another.

    Args:
      given: the settings.

    Returns:
      The content of the results file.

    Raises:
      InputError: the corpus, the sets or the folder of the results are not there.
    """
    results_file.check_folder(given.results)
    parts = given.parts
    if given.corpus is None:
        parts = tuple(part for part in parts if part not in NEED_CORPUS)
    else:
        check_file(given.corpus)
        check_sets(given.eval_dir or given.corpus.parent)
    began = time.monotonic()
    for part in parts:
        left = 60 * given.minutes - (time.monotonic() - began)
        print(f"{part} ({max(left, 0):.0f} s left)", flush=True)
        reason = _in_a_process(part, given, left)
        if reason is not None:
            print(f"{part}: {reason}", flush=True)
        results_file.store(given.results, "not_finished", _unfinished(given, part, reason))
    return results_file.read(given.results)


def _unfinished(given: Accelerator, part: str, reason: str | None) -> dict:
    """The parts that were begun and did not end, with the reason."""
    found = results_file.read(given.results).get("not_finished", {})
    found.pop(part, None)
    return found | ({part: reason} if reason else {})


def _in_a_process(part: str, given: Accelerator, seconds: float) -> str | None:
    """Measures a part; says why it did not end, if it did not."""
    if seconds <= 0:
        return "no time was left"
    settings = Settings(
        str(given.corpus) if given.corpus else None,
        str(given.eval_dir or given.corpus.parent) if given.corpus else None,
        given.tokens,
        given.smoke,
    )
    words = [sys.executable, *MODULE, part, str(given.results)]
    flags = f"{os.environ.get('XLA_FLAGS', '')} {FLAGS.get(part, '')}".strip()
    with subprocess.Popen(
        [*words, json.dumps(settings._asdict())],
        env={**os.environ, "XLA_FLAGS": flags, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        stderr=subprocess.PIPE,
        text=True,
        # Parts start processes of their own, which end with them.
        start_new_session=True,
    ) as process:
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return "the time was up"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode == 0:
        return None
    lines = errors.strip().splitlines() or ["no message"]
    print("\n".join(lines[-LINES:]), file=sys.stderr, flush=True)
    return f"exit code {process.returncode}: {lines[-1]}"


if __name__ == "__main__":
    command_line.run(measure, Accelerator, __doc__)
