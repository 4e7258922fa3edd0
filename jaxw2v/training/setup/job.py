"""What a run does, decided before it starts: objective, optimizer, sizes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxw2v.config import Config
from jaxw2v.devices.mesh import Shape
from jaxw2v.errors import InputError
from jaxw2v.losses.product import AxisName
from jaxw2v.sampling import (
    context_bounds,
    keep_probability,
    percentile_threshold,
    positive_mask,
)
from jaxw2v.sampling.blocks import centers
from jaxw2v.sampling.windows import Side
from jaxw2v.subwords import SharedRows, made_up_words, share_rows
from jaxw2v.training.objectives import LayerConstants, Objective, make_objective, make_windows
from jaxw2v.training.objectives.shapes import check_shapes
from jaxw2v.training.setup.footprint import FLOAT, INT, Footprint
from jaxw2v.training.setup.optimizer import default_optimizer
from jaxw2v.training.setup.schedule import linear_decay
from jaxw2v.training.setup.sizes import (
    Plan,
    Sizes,
    choose_negatives_per_block,
    choose_subsample_threshold,
    make_plan,
)
from jaxw2v.training.setup.word_parts import WordParts, make_word_parts
from jaxw2v.training.setup.wrappers import (
    check_elementwise,
    check_keeps_no_gradients,
    hold_rows,
    keep_row_norm,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """The decisions of a run.

    Attributes:
      config: the settings, with ``row_updates``, ``subsample_threshold`` and
        ``negatives_per_block`` decided.
      keep: float [V], keep probability of each word.
      objective: what is minimised.
      constants: what the layers of the objective made of the vocabulary.
      plan: the sizes.
      own_optimizer: an optimizer of the user's own; ``None`` for the default one.
      schedule: the schedule of the default one's learning rate; ``None`` beside one of the user's
        own.
      subwords: the rows of n-grams of which vectors of words are made; ``None`` makes each of its
        own row alone.
      word_parts: the same as the devices read it.
    """

    config: Config
    keep: np.ndarray
    objective: Objective
    constants: LayerConstants
    plan: Plan
    own_optimizer: optax.GradientTransformation | None
    schedule: optax.Schedule | None
    subwords: SharedRows | None = None
    word_parts: WordParts[np.ndarray] | None = None

    @functools.cached_property
    def optimizer(self) -> optax.GradientTransformation:
        """The transformation of whole rows."""
        return self.make_optimizer()

    def make_optimizer(self, axis_name: AxisName = None) -> optax.GradientTransformation:
        """The transformation, with what the settings ask of any.

        Args:
          axis_name: the mesh axes along which devices hold different columns of every row.

        Returns:
          The transformation.
        """
        config, optimizer = self.config, self.own_optimizer
        if optimizer is None:
            assert self.schedule is not None
            optimizer = default_optimizer(self.schedule, config.embedding_dim, axis_name)
        if config.max_norm is not None:
            optimizer = keep_row_norm(optimizer, config.max_norm, axis_name)
        return hold_rows(optimizer) if config.freeze_loaded else optimizer

    def footprint(self, mesh: Shape) -> Footprint:
        """What the run takes of each device.

        Args:
          mesh: devices along data, vocab and dim.

        Returns:
          The footprint, with the smaller exchange of gradients.
        """
        layer, dim = self.objective.output_layer, self.config.embedding_dim
        table = jax.ShapeDtypeStruct((2, dim), jnp.float32)
        moments = jax.tree.leaves(jax.eval_shape(self.optimizer.init, table))
        constants = jax.tree.leaves((self.constants, self.word_parts))
        plan, windows = self.plan, self.objective.windows
        assert windows is not None
        pairs = _full_windows(plan.block_length, plan.overlap, windows.window, windows.side)
        return Footprint(
            plan=plan,
            mesh=mesh,
            vocabulary_size=len(self.keep),
            embedding_dim=dim,
            input_rows_per_block=self.objective.input_layer.rows_per_block(
                self.config.block_length, self.constants.input
            ),
            scores_per_block=layer.scores_per_block(
                self.config.block_length, self.constants.output, self._predicts_own_words
            ),
            rows_per_block=layer.rows_per_block(self.config.block_length, self.constants.output),
            moments=sum(leaf.shape == table.shape for leaf in moments),
            row_moments=sum(leaf.shape == (2, 1) for leaf in moments),
            row_sums=(self.own_optimizer is None) + (self.config.max_norm is not None),
            constant_bytes=INT * len(self.keep) + sum(leaf.nbytes for leaf in constants),
            shared_rows=None if self.subwords is None else self.subwords.num_shared,
            every_input_row=self.config.row_updates == "dense",
            every_output_row=layer.touches_every_row or self.config.row_updates == "dense",
            whole_outputs=layer.reads_every_row,
            parts=int(layer.parts(self.objective.input_layer.targets(np.asarray(pairs)))),
        ).with_smaller_exchange()

    @property
    def _predicts_own_words(self) -> bool:
        """Whether hidden vectors predict the words in their own places, as those of cbow."""
        return self.objective.input_layer.targets(np.zeros((1, 2, 2), bool)).ndim == 2


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _full_windows(block_length: int, overlap: int, window: int, side: Side) -> jax.Array:
    """The pairs of a block whose windows are all as wide as they may be, bool [1, L, L]."""
    same = jnp.zeros((1, block_length), jnp.int32)
    bounds = context_bounds(same + window, same, centers(same, overlap), side)
    return positive_mask(bounds)


def make_job(
    config: Config,
    counts: np.ndarray,
    optimizer: optax.GradientTransformation | None = None,
    on_cpu: bool | None = None,
    sizes: Sizes | None = None,
    is_continued: bool = False,
    objective: Objective | None = None,
    words: Sequence[str] | None = None,
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
      words: the V words, of whose n-grams vectors are made if ``config.subwords`` asks for it;
        ``None`` makes some up.

    Returns:
      The job.

    Raises:
      InputError: the optimizer cannot do what the settings ask, or the parts of the objective do
        not fit together.
    """
    if on_cpu is None:
        on_cpu = jax.default_backend() == "cpu"
    config = _choose_subsampling(config, counts, sizes)
    keep, kept = _keep(config, counts)
    is_own = objective is not None
    if not is_own:
        config = _choose_negatives(config, counts, sizes)
    objective = objective or make_objective(config)
    if objective.windows is None:
        objective = objective._replace(windows=make_windows(config))
    constants = objective.constants(counts)
    if is_own:
        check_shapes(objective, constants, config, len(counts))
    rows_per_block = objective.output_layer.rows_per_block(config.block_length, constants.output)
    bytes_per_block = FLOAT * config.embedding_dim * rows_per_block
    plan = make_plan(config, kept, counts, bytes_per_block, on_cpu, sizes, is_continued)
    schedule = None
    if optimizer is None:
        schedule = linear_decay(plan.learning_rate, config.min_learning_rate)
    job = Job(config, keep, objective, constants, plan, optimizer, schedule)
    job = dataclasses.replace(job, config=_choose_row_updates(job))
    if config.ngrams is None:
        return job
    if job.config.row_updates == "dense":
        raise InputError(
            "subwords move the rows of the n-grams that a step touches, and the optimizer is not "
            "elementwise; leave one of them out"
        )
    words = made_up_words(len(counts)) if words is None else words
    subwords = share_rows(words, config.ngrams)
    parts = make_word_parts(subwords, kept * counts, plan.tokens_per_step)
    return dataclasses.replace(job, subwords=subwords, word_parts=parts)


def _choose_subsampling(config: Config, counts: np.ndarray, sizes: Sizes | None) -> Config:
    has_threshold = config.subsample_formula in ("word2vec_c", "paper")
    if config.subsample_threshold is not None or not has_threshold:
        return config
    before = None if sizes is None else sizes.subsample_threshold
    chosen = choose_subsample_threshold(counts) if before is None else before
    return dataclasses.replace(config, subsample_threshold=chosen)


def _choose_negatives(config: Config, counts: np.ndarray, sizes: Sizes | None) -> Config:
    is_shared = config.output_layer == "negative_sampling" and config.negatives == "shared"
    if config.negatives_per_block is not None or not is_shared:
        return config
    if sizes is None:
        chosen = choose_negatives_per_block(config, counts)
    else:
        # Checkpoints of before do not say: all corpora had as many then.
        chosen = sizes.negatives_per_block or config.shared_negatives
    return dataclasses.replace(config, negatives_per_block=chosen)


def _keep(config: Config, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep probabilities, and the share of each word that is left in the blocks."""
    if config.subsample_formula == "percentile":
        threshold = percentile_threshold(counts, config.subsample_percentile)
        return keep_probability(counts, threshold, "percentile"), np.ones(len(counts))
    keep = keep_probability(counts, config.subsample_threshold or 0, config.subsample_formula)
    return keep, keep


def _choose_row_updates(job: Job) -> Config:
    config = job.config
    if config.row_updates == "dense":
        return config
    try:
        if job.own_optimizer is not None:
            check_elementwise(job.optimizer)
            check_keeps_no_gradients(job.optimizer)
    except InputError:
        if config.row_updates == "sparse":
            raise
        return dataclasses.replace(config, row_updates="dense")
    return dataclasses.replace(config, row_updates="sparse")
