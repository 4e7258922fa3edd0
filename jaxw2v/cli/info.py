"""``jaxw2v info``: what a folder or a file of vectors holds."""

from __future__ import annotations

import dataclasses

from jaxw2v.cli.glance import describe_settings, describe_training, size
from jaxw2v.cli.options import described
from jaxw2v.cli.results import OfVectors
from jaxw2v.run_folder import SETTINGS, is_run

SHOWN = 8
"""Words of the vocabulary that are shown."""


@described
@dataclasses.dataclass(frozen=True)
class Info(OfVectors):
    """Shows at a glance what a run or a file of vectors holds."""

    def run(self) -> None:
        """Runs the command."""
        folder = self.folder.expanduser()
        wv, run = self.read(folder), is_run(folder)
        lines = [f"{len(wv):,} vectors of {wv.vectors.shape[1]} components"]
        if wv.output_vectors is not None:
            lines[0] += ", output vectors too"
        if wv.subwords is not None:
            lines[0] += f", and of {size(len(wv.subwords.buckets))} n-grams"
        words = ", ".join(wv.words[:SHOWN])
        lines.append(f"words: {words}{', ...' if len(wv) > SHOWN else ''}")
        if run:
            # Of a checkpoint it is not known how far the run was.
            lines += [] if self.checkpoint else describe_training(folder)
            lines += describe_settings(folder) if (folder / SETTINGS).exists() else []
        title = f"{self.folder}: {'a run of jaxw2v' if run else 'vectors'}"
        print("\n  ".join([title, *lines]))
