"""``jaxw2v plan``."""

from __future__ import annotations

import dataclasses

import tyro

from jaxw2v.config import Config
from jaxw2v.errors import InputError


@dataclasses.dataclass(frozen=True)
class Plan:
    """Computes what a run would take of each device, without text and without the devices."""

    vocab: int
    """Words of the vocabulary (words)."""
    mesh: str = "1x1"
    """Devices as DATAxVOCAB: replicas of the tables by shards of each."""
    corpus_tokens: int = 1_000_000_000
    """Tokens of the corpus (words)."""
    device_memory: float = 80.0
    """Memory of a device (GiB)."""
    config: tyro.conf.OmitArgPrefixes[Config] = dataclasses.field(default_factory=Config)

    def run(self) -> None:
        """Runs the command."""
        from jaxw2v.training.setup.forecast import forecast, report

        if not 0 < self.device_memory < float("inf"):
            raise InputError(f"device_memory is {self.device_memory}; it must be above 0 (GiB)")

        job, footprint = forecast(self.config, self.vocab, self.corpus_tokens, self.mesh)
        print(report(job, footprint, round(self.device_memory * 2**30)))
