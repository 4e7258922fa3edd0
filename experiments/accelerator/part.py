"""One part of the experiment, in a process of its own.

python -m experiments.accelerator.part NAME RESULTS SETTINGS
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from experiments import results_file
from experiments.accelerator import agreement, ceilings, jobs, lasting, speed
from experiments.accelerator.settings import Keep, Settings

PARTS: dict[str, Callable[[Settings, Keep], dict]] = {
    "device": ceilings.measure,
    "agreement": agreement.measure,
    "speed": speed.cases,
    "job": jobs.whole_job,
    "without_graphs": speed.profiles,
    "precision": speed.precisions,
    "job_precision": jobs.precisions,
    "resume": lasting.resume,
    "streaming": lasting.streaming,
    "queries": lasting.queries,
    "deterministic": lasting.deterministic,
    "deterministic_by_flag": lasting.deterministic_by_flag,
    "resume_deterministic": lasting.resume_deterministic,
    "meshes": speed.meshes,
}


def main(name: str, results: str, settings: str) -> None:
    """Measures a part and writes what it found, while it goes on and at its end.

    Args:
      name: of the part.
      results: the results file.
      settings: as JSON.
    """

    def keep(found: dict) -> None:
        results_file.store(Path(results), name, found)

    keep(PARTS[name](Settings(**json.loads(settings)), keep))


if __name__ == "__main__":
    main(*sys.argv[1:])
