"""``jaxw2v plan``."""

from __future__ import annotations

import dataclasses
import json
import os

from jaxw2v.cli.options import RunSettings, described
from jaxw2v.errors import InputError


@described
@dataclasses.dataclass(frozen=True)
class Plan(RunSettings):
    """Computes what a run would take of each device, without text and without the devices."""

    vocab: int
    """Words of the vocabulary (words)."""
    mesh: str = "1x1"
    """Devices as DATAxVOCAB or DATAxVOCABxDIM: DATA replicas of the tables, each cut into VOCAB
    parts by rows and DIM parts by columns."""
    corpus_tokens: int = 1_000_000_000
    """Tokens of the corpus (words)."""
    device_memory: float | None = None
    """Memory of a device; None is the target's, 80 without one (GiB)."""
    target: str | None = None
    """Compile the program for this device, which need not be here: h100, h200, or a TPU with the
    grid of its chips, such as v5e:2x2."""
    json: bool = False
    """Print the figures as JSON (bytes, seconds)."""

    def run(self) -> None:
        """Runs the command."""
        if self.target is not None:
            # Compilers of devices that are not here look for them, and say that they find none.
            os.environ["JAX_PLATFORMS"] = "cpu"
            # What was compiled for them cannot be loaded here.
            os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from jaxw2v.devices.mesh import GIB
        from jaxw2v.devices.targets import find_target
        from jaxw2v.training.setup.forecast import forecast, report, zipf_counts

        given = self.device_memory
        if given is not None and not 0 < given < float("inf"):
            raise InputError(f"device_memory is {given}; it must be above 0 (GiB)")
        target = None if self.target is None else find_target(self.target)
        if given is not None:
            memory = round(given * GIB)
        else:
            memory = 80 * GIB if target is None else target.memory
        job, footprint = forecast(self.config, self.vocab, self.corpus_tokens, self.mesh)
        figures: dict = {"memory_bytes": footprint.memory(), "traffic_bytes": footprint.traffic()}
        lines = [report(job, footprint, memory)]
        if target is not None:
            from jaxw2v.training.ahead import compiled_plan

            compiled = compiled_plan.compile_ahead(
                job, zipf_counts(self.vocab, self.corpus_tokens), target, footprint.mesh
            )
            figures |= dataclasses.asdict(compiled)
            lines.append(compiled_plan.report(compiled))
        print(json.dumps(figures) if self.json else "\n".join(lines))
