"""The training program of all devices, from shapes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from jaxw2v.devices.layout import EVERYWHERE, Layout
from jaxw2v.sampling import keep_threshold
from jaxw2v.training.objectives import LayerConstants
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.batch import Chunk, ChunkInputs, WordArrays
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.chunk_keys import chunk_keys
from jaxw2v.training.step.state import TrainState, initial_state

if TYPE_CHECKING:
    import numpy as np


def word_arrays(job: Job) -> WordArrays[np.ndarray]:
    """What a run makes of its vocabulary for the devices.

    Args:
      job: what the run does.

    Returns:
      The arrays, on the host.
    """
    return WordArrays(keep_threshold(job.keep), job.constants, job.word_parts)


def chunk_specs(layout: Layout) -> ChunkInputs[PartitionSpec]:
    """How the inputs of a chunk lie: tokens are shared out, the rest is replicated.

    Args:
      layout: the devices.

    Returns:
      A partition spec for each.
    """
    tokens = Chunk(layout.tokens, layout.tokens)
    constants = LayerConstants(EVERYWHERE, EVERYWHERE)
    words = WordArrays(EVERYWHERE, constants, EVERYWHERE)  # type: ignore[arg-type]
    return ChunkInputs(tokens, words, EVERYWHERE, EVERYWHERE)  # type: ignore[arg-type]


def lower_training(job: Job, layout: Layout) -> jax.stages.Lowered:
    """Lowers the program that trains on a chunk, from shapes alone.

    Args:
      job: what the run does, from :func:`~jaxw2v.training.make_job`.
      layout: the devices, from :func:`~jaxw2v.training.lay_out`; they need not be
        there: those of a topology do.

    Returns:
      The program, to be compiled.

    Example:
      >>> import numpy as np
      >>> from jaxw2v import Config
      >>> from jaxw2v.training import lay_out, make_job
      >>> job = make_job(Config(embedding_dim=8), np.array([600, 400]), on_cpu=True)
      >>> program = lower_training(job, lay_out(job, None, on_cpu=True)).compile()
      >>> program.memory_analysis().argument_size_in_bytes > 2 * 256 * 8 * 4
      True
    """
    return trace_training(job, layout).lower()


def trace_training(job: Job, layout: Layout) -> jax.stages.Traced:
    """Traces that program, which can then be lowered for a platform other than the layout's.

    Args:
      job: as of :func:`lower_training`.
      layout: likewise.

    Returns:
      The program, to be lowered.
    """
    state, inputs = training_arguments(job, layout)
    specs = layout.training_specs(state)
    program = layout.program(
        make_train_chunk(job, layout.shards),
        (specs, chunk_specs(layout)),
        (specs, EVERYWHERE, EVERYWHERE),
        donate=(0,),
    )
    return program.trace(state, inputs)


def training_arguments(
    job: Job, layout: Layout
) -> tuple[TrainState, ChunkInputs[jax.ShapeDtypeStruct]]:
    """The shapes of what the program that trains on a chunk takes.

    Args:
      job: what the run does.
      layout: the devices.

    Returns:
      The state, and what is read beside it.
    """
    tokens = layout.empty_tokens(job.plan.chunk_tokens)
    inputs = ChunkInputs(
        chunk=Chunk(tokens, tokens),
        words=layout.shapes_of_copies(word_arrays(job)),
        keys=layout.shapes(lambda: chunk_keys(jax.random.key(0), jnp.zeros(2, jnp.int32))),
        progress=jax.ShapeDtypeStruct((2,), jnp.float32),
    )
    return layout.training_shapes(layout.shapes(lambda: initial_state(job))), inputs
