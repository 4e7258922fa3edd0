"""What a run does, decided before it starts: objective, optimizer, sizes."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh

from jaxw2v.config import Config
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.mesh import Shape
from jaxw2v.errors import InputError
from jaxw2v.sampling import (
    context_bounds,
    keep_probability,
    percentile_threshold,
    positive_mask,
)
from jaxw2v.sampling.blocks import centers
from jaxw2v.training.objectives import LayerConstants, Objective, make_objective, make_windows
from jaxw2v.training.setup.footprint import FLOAT, INT, Footprint
from jaxw2v.training.setup.optimizer import default_optimizer
from jaxw2v.training.setup.schedule import linear_decay
from jaxw2v.training.setup.sizes import Plan, Sizes, choose_subsample_threshold, make_plan
from jaxw2v.training.setup.wrappers import check_elementwise, hold_rows, keep_row_norm


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """The decisions of a run.

    Attributes:
      config: the settings, with ``row_updates`` and ``subsample_threshold`` decided.
      keep: float [V], keep probability of each word.
      objective: what is minimised.
      constants: what the layers of the objective made of the vocabulary.
      plan: the sizes.
      optimizer: the transformation.
      schedule: the schedule of its learning rate; ``None`` for an optimizer of the user's own.
    """

    config: Config
    keep: np.ndarray
    objective: Objective
    constants: LayerConstants
    plan: Plan
    optimizer: optax.GradientTransformation
    schedule: optax.Schedule | None

    def footprint(self, mesh: Shape) -> Footprint:
        """What the run takes of each device.

        Args:
          mesh: devices along data and vocab.

        Returns:
          The footprint, with the smaller exchange of gradients.
        """
        layer, dim = self.objective.output_layer, self.config.embedding_dim
        table = jax.ShapeDtypeStruct((2, dim), jnp.float32)
        moments = jax.tree.leaves(jax.eval_shape(self.optimizer.init, table))
        constants = jax.tree.leaves(self.constants)
        return Footprint(
            plan=self.plan,
            mesh=mesh,
            vocabulary_size=len(self.keep),
            embedding_dim=dim,
            input_rows_per_block=self.objective.input_layer.rows_per_block(
                self.config.block_length, self.constants.input
            ),
            rows_per_block=layer.rows_per_block(self.config.block_length, self.constants.output),
            moments=sum(leaf.shape == table.shape for leaf in moments),
            row_moments=sum(leaf.shape == (2, 1) for leaf in moments),
            constant_bytes=INT * len(self.keep) + sum(leaf.nbytes for leaf in constants),
            every_input_row=self.config.row_updates == "dense",
            every_output_row=layer.touches_every_row or self.config.row_updates == "dense",
            whole_outputs=layer.reads_every_row,
            parts=int(layer.parts(self.objective.input_layer.targets(self._full_windows()))),
        ).with_smaller_exchange()

    def _full_windows(self) -> np.ndarray:
        """The pairs of a block whose windows are all as wide as they may be, bool [1, L, L]."""
        plan, windows = self.plan, self.objective.windows
        assert windows is not None
        same = jnp.zeros((1, plan.block_length), jnp.int32)
        is_center = centers(same, plan.overlap)
        bounds = context_bounds(same + windows.window, same, is_center, windows.side)
        return np.asarray(positive_mask(bounds))


def make_job(
    config: Config,
    counts: np.ndarray,
    optimizer: optax.GradientTransformation | None = None,
    on_cpu: bool | None = None,
    sizes: Sizes | None = None,
    is_continued: bool = False,
    objective: Objective | None = None,
) -> Job:
    """Decides what a run does.

    Args:
      config: the settings.
      counts: int [V], occurrences.
      optimizer: an optimizer of the user's own; ``None`` takes the default one.
      on_cpu: whether it runs on a CPU; ``None`` looks at JAX's default devices.
      sizes: the sizes of the run that is resumed; ``None`` chooses them.
      is_continued: whether the tables come from another run, which asks for a smaller learning
        rate.
      objective: an objective of the user's own; ``None`` takes that of the settings.

    Returns:
      The job.

    Raises:
      InputError: the optimizer cannot do what the settings ask.
    """
    if on_cpu is None:
        on_cpu = jax.default_backend() == "cpu"
    config = _choose_subsampling(config, counts)
    keep, kept = _keep(config, counts)
    objective = objective or make_objective(config)
    if objective.windows is None:
        objective = objective._replace(windows=make_windows(config))
    constants = objective.constants(counts)
    rows_per_block = objective.output_layer.rows_per_block(config.block_length, constants.output)
    bytes_per_block = FLOAT * config.embedding_dim * rows_per_block
    plan = make_plan(config, kept, counts, bytes_per_block, on_cpu, sizes, is_continued)
    schedule, own = None, optimizer is not None
    if optimizer is None:
        schedule = linear_decay(plan.learning_rate, config.min_learning_rate)
        optimizer = default_optimizer(schedule)
    if config.max_norm is not None:
        optimizer = keep_row_norm(optimizer, config.max_norm)
    if config.freeze_loaded:
        optimizer = hold_rows(optimizer)
    config = _choose_row_updates(config, optimizer, own)
    return Job(config, keep, objective, constants, plan, optimizer, schedule)


def check_shardable(job: Job, mesh: Shape) -> None:
    """Makes sure that a job can be done where its tables are sharded.

    Args:
      job: the job.
      mesh: devices along data and vocab.

    Raises:
      InputError: it needs whole tables, and the mesh shards them.
    """
    if mesh[1] == 1:
        return
    if job.objective.output_layer.reads_every_row:
        raise InputError(
            f"output_layer is {job.config.output_layer!r}, which scores every word; it needs whole "
            "tables, so give a --mesh that ends in x1"
        )
    try:
        if job.config.row_updates == "dense":
            check_elementwise(job.optimizer)
    except InputError:
        raise InputError(
            f"mesh {mesh[0]}x{mesh[1]} shards the tables, and the optimizer moves a row by what "
            "other rows do; give an elementwise one, or a --mesh that ends in x1"
        ) from None


def lay_out(job: Job, mesh: Mesh | None, on_cpu: bool) -> Layout:
    """Lays a job over the devices of a mesh.

    Args:
      job: the job.
      mesh: the devices.
      on_cpu: whether they are CPUs.

    Returns:
      The layout.

    Raises:
      InputError: the job needs whole tables, and the mesh shards them.
    """
    shape = (1, 1) if mesh is None else tuple(mesh.shape.values())
    check_shardable(job, shape)
    # Rows of every block keep the order of adding, and so a CPU's bits, the same on every mesh.
    exchange_sums = job.footprint(shape).exchange_sums and not on_cpu
    return Layout(mesh, len(job.keep), exchange_sums)


def _choose_subsampling(config: Config, counts: np.ndarray) -> Config:
    has_threshold = config.subsample_formula in ("word2vec_c", "paper")
    if config.subsample_threshold is not None or not has_threshold:
        return config
    return dataclasses.replace(config, subsample_threshold=choose_subsample_threshold(counts))


def _keep(config: Config, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep probabilities, and the share of each word that is left in the blocks."""
    if config.subsample_formula == "percentile":
        threshold = percentile_threshold(counts, config.subsample_percentile)
        return keep_probability(counts, threshold, "percentile"), np.ones(len(counts))
    keep = keep_probability(counts, config.subsample_threshold or 0, config.subsample_formula)
    return keep, keep


def _choose_row_updates(
    config: Config, optimizer: optax.GradientTransformation, own: bool
) -> Config:
    if config.row_updates == "dense":
        return config
    try:
        if own:
            check_elementwise(optimizer)
    except InputError:
        if config.row_updates == "sparse":
            raise
        return dataclasses.replace(config, row_updates="dense")
    return dataclasses.replace(config, row_updates="sparse")
