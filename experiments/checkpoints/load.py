"""One process of those that load a checkpoint, checksums and all; prints what it read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import tensorstore
import tyro

from jaxw2v import Config
from jaxw2v.corpus import open_corpus
from jaxw2v.devices.mesh import choose_mesh
from jaxw2v.devices.processes import join
from jaxw2v.training import lay_out, make_job
from jaxw2v.training.checkpoints.resume import SavedRun
from jaxw2v.training.checkpoints.stored_state import stored_shapes
from jaxw2v.training.setup.sizes import Sizes

BYTES_READ = "/tensorstore/kvstore/file/bytes_read"


@dataclasses.dataclass(frozen=True)
class Load:
    """Loads the newest checkpoint of a run onto a mesh."""

    corpus: tyro.conf.Positional[Path]
    """The text of the run."""
    run: tyro.conf.Positional[Path]
    """Its folder."""
    mesh: tyro.conf.Positional[str]
    """Devices as DATAxVOCAB or DATAxVOCABxDIM."""
    coordinator: str | None = None
    """Address and port of the first process."""
    num_processes: int | None = None
    """How many there are (processes)."""
    process_id: int | None = None
    """Which one this is (integer)."""


def load(settings: Load) -> dict:
    """Loads, which fails unless every checksum is right.

    Args:
      settings: the settings.

    Returns:
      Bytes read by this process, the step, and the shape of a device's part of a table.
    """
    if settings.coordinator:
        join(settings.coordinator, settings.num_processes, settings.process_id)
    stream = open_corpus(settings.corpus, Config(), show_progress=False)
    saved = SavedRun(settings.run)
    config = Config(epochs=saved.record["facts"]["epochs"])
    counts, sizes = stream.vocabulary.counts, Sizes(**saved.record["sizes"])
    job = make_job(config, counts, on_cpu=True, sizes=sizes)
    mesh = choose_mesh(settings.mesh, job.plan.blocks_per_step, lambda shape: 0)
    before = bytes_read()
    arrays, position = saved.load(stored_shapes(job, lay_out(job, mesh, on_cpu=True)))
    shapes = {name: array.addressable_shards[0].data.shape for name, array in arrays.items()}
    return {
        "bytes": bytes_read() - before,
        "step": position.steps,
        "part": shapes["input_embedding"],
    }


def bytes_read() -> int:
    """Bytes that this process has read through tensorstore."""
    metrics = tensorstore.experimental_collect_matching_metrics(BYTES_READ)
    return sum(value["value"] for metric in metrics for value in metric["values"])


if __name__ == "__main__":
    print(json.dumps(load(tyro.cli(Load, description=__doc__))))
