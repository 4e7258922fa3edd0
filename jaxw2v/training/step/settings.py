"""The static part of a step."""

from __future__ import annotations

import dataclasses

import optax

from jaxw2v.devices.shards import Shards
from jaxw2v.training.objectives import Objective
from jaxw2v.training.setup.job import Job


@dataclasses.dataclass(frozen=True)
class StepSettings:
    """The static part of a step.

    Attributes:
      objective: what is minimised.
      optimizer: the transformation; unless ``dense``, one that moves each row by its own gradients.
      shards: how devices share tables and blocks.
      blocks_per_micro_batch: blocks computed at once, on all devices.
      pieces: in how many pieces a device computes its blocks of a micro-batch, side by side.
      rows_per_pass: table rows the optimizer handles at once.
      dense: update whole tables, not only the touched rows.
    """

    objective: Objective
    optimizer: optax.GradientTransformation
    shards: Shards
    blocks_per_micro_batch: int
    pieces: int
    rows_per_pass: int
    dense: bool

    @classmethod
    def of(cls, job: Job, shards: Shards) -> StepSettings:
        """The settings of a run's steps.

        Args:
          job: what the run does.
          shards: how devices share tables and blocks.

        Returns:
          The settings.

        Raises:
          InputError: a layer needs more of the tables than the shards have.
        """
        # Devices exchange gradients of whole micro-batches, and those of a whole table are large.
        together = shards.all_axes or job.objective.output_layer.reads_every_row
        return cls(
            objective=job.objective.across(shards.vocab, shards.dim),
            optimizer=job.make_optimizer(shards.dim),
            shards=shards,
            blocks_per_micro_batch=job.plan.blocks_per_micro_batch,
            pieces=1 if together else job.plan.pieces,
            rows_per_pass=job.plan.rows_per_pass,
            dense=job.config.row_updates == "dense",
        )
