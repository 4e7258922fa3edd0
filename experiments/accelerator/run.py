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

from experiments import markdown, results_file
from experiments.accelerator.settings import Settings
from experiments.experiment import Experiment
from experiments.scores import check_file, check_sets

MODULE = "-m", "experiments.accelerator.part"
"""How Python is told to do a part."""
NO_GRAPHS = "--xla_gpu_enable_command_buffer="
DETERMINISTIC = "--xla_gpu_deterministic_ops=true"
FLAGS = {
    "without_graphs": NO_GRAPHS,
    "deterministic_by_flag": DETERMINISTIC,
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
    "deterministic_by_flag",
    "meshes",
    "resume_deterministic",
)


@dataclasses.dataclass(frozen=True)
class Accelerator(Experiment):
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

    def check(self) -> None:
        """The corpus and the sets are there, if they are asked for."""
        if self.corpus is not None:
            check_file(self.corpus)
            check_sets(self.eval_dir or self.corpus.parent)

    def execute(self) -> None:
        """Does the parts in turn, each in a process of its own that stores its results."""
        parts = [p for p in self.parts if self.corpus is not None or p not in NEED_CORPUS]
        began = time.monotonic()
        for part in parts:
            left = 60 * self.minutes - (time.monotonic() - began)
            print(f"{part} ({max(left, 0):.0f} s left)", flush=True)
            reason = _in_a_process(part, self, left)
            if reason is not None:
                print(f"{part}: {reason}", flush=True)
            results_file.store(self.results, "not_finished", _unfinished(self, part, reason))


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


def table(cases: list[dict]) -> str:
    """The speed of each case as a Markdown table.

    Args:
      cases: of the part "speed".

    Returns:
      The table.
    """
    rows = []
    for case in cases:
        speed = f"{case['words_per_second'] / 1e6:.0f} M"
        if "blog_seconds" in case:
            speed += f": {case['blog_seconds']:.1f} s"
        rows.append(
            (
                case["name"],
                f"{case['tokens_per_step']:,}",
                speed,
                f"{case['kept_tokens_per_second'] / 1e6:.0f} M",
                f"{case['step_milliseconds']:.3f} ms",
                f"{case['share_of_memory_floor']:.0%}",
            )
        )
    header = "case|tokens a step|raw words/s|kept tokens/s|step|of the memory floor"
    return markdown.table(header.split("|"), rows)


if __name__ == "__main__":
    Accelerator.main(__doc__)
