"""Chunks of steps, for every platform."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from objective_cases import ALONE, CASES, COUNTS, D, V, name

from jaxw2v import Config
from jaxw2v.sampling import keep_threshold
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.step.batch import Chunk, ChunkInputs, WordArrays
from jaxw2v.training.step.chunk import make_evaluate_chunk, make_train_chunk
from jaxw2v.training.step.chunk_keys import chunk_keys
from jaxw2v.training.step.state import initial_state

pytestmark = pytest.mark.usefixtures("optax_promotes")

ALWAYS = jnp.full(V, 2**32 - 1, jnp.uint32)


def make(**settings):
    job = make_job(Config(embedding_dim=D, **settings), COUNTS, optax.adam(0.1), on_cpu=True)
    return job, initial_state(job)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{}, {"subsample_formula": "percentile"}, *CASES],
    ids=["default", "percentile", *map(name, CASES)],
)
def test_the_training_program_lowers_for_every_platform(settings):
    job, state = make(**settings)
    train_chunk = jax.jit(make_train_chunk(job, ALONE))
    tokens = jax.ShapeDtypeStruct((job.plan.chunk_tokens,), jnp.int32)
    inputs = ChunkInputs(
        Chunk(tokens, tokens),
        WordArrays(ALWAYS, job.constants),
        chunk_keys(jax.random.key(0), jnp.zeros(2, jnp.int32)),
        jnp.zeros(2),
    )
    platforms = "cpu", "cuda", "tpu"
    laid_out = jax.export.DisabledSafetyCheck.custom_call("LayoutConstraint")
    export = jax.export.export(train_chunk, platforms=platforms, disabled_checks=[laid_out])
    assert export(state, inputs).platforms == platforms


@pytest.mark.slow
def test_percentile_subsampling_drops_pairs_not_tokens():
    job, state = make(
        subsample_formula="percentile", window=1, window_sampling="fixed", block_overlap=2
    )
    rng = np.random.default_rng(0)
    ids = rng.integers(0, V, job.plan.chunk_tokens).astype(np.int32)
    probability = np.linspace(0.2, 0.9, V)
    chunk = Chunk(jnp.asarray(ids), jnp.zeros(ids.size, jnp.int32))
    evaluate = jax.jit(make_evaluate_chunk(job, ALONE))
    words, key = WordArrays(keep_threshold(probability), job.constants), jax.random.key(0)
    keys = [chunk_keys(key, jnp.array([0, k])) for k in range(20)]
    inputs = [ChunkInputs(chunk, words, each, jnp.zeros(2)) for each in keys]
    pairs = [float(evaluate(state, each).pairs) for each in inputs]
    # A pair of neighbors in the text is kept with both chances; none is further apart.
    chances = probability[ids]
    expected = 2 * (chances[1:] * chances[:-1]).sum()
    assert abs(np.mean(pairs) / expected - 1) < 0.03
