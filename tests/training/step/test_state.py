"""How training begins."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from small_layouts import WORDS, layout_of

from jaxw2v import Config
from jaxw2v.devices.storage_order import num_rows, word_of_row
from jaxw2v.models import WordEmbeddings
from jaxw2v.subwords import made_up_words
from jaxw2v.training import make_job
from jaxw2v.training.step.state import (
    TABLES_KEY,
    Loss,
    initial_state,
    place_initial_state,
    state_of_tables,
)

COUNTS = np.arange(WORDS, 0, -1)
OWNED = word_of_row(np.arange(num_rows(WORDS)), WORDS) < WORDS


def job_of(seed=1, **settings):
    words = made_up_words(WORDS) if settings.get("subwords") else None
    config = Config(embedding_dim=6, seed=seed, **settings)
    return make_job(config, COUNTS, on_cpu=True, words=words)


def test_input_rows_are_small_and_random_output_rows_zero():
    state = initial_state(job_of())
    inputs, outputs = np.asarray(state.input_embedding), np.asarray(state.output_embedding)
    assert inputs.shape == outputs.shape == (num_rows(WORDS), 6)
    assert not outputs.any()
    assert not inputs[~OWNED].any()
    # Uniform from -1 / 2D to 1 / 2D.
    owned = inputs[OWNED]
    assert abs(owned).max() <= 1 / 12
    assert owned.std() == pytest.approx(1 / 12 / 3**0.5, rel=0.03)
    assert len(np.unique(owned)) > 0.99 * owned.size
    assert not np.array_equal(inputs, initial_state(job_of(2)).input_embedding)


def test_a_run_begins_with_the_rows_of_the_module():
    key = jax.random.fold_in(jax.random.key(1), TABLES_KEY)
    module = WordEmbeddings(num_rows(WORDS), 6, rngs=nnx.Rngs(key))
    inputs = np.asarray(initial_state(job_of(seed=1)).input_embedding)
    np.testing.assert_array_equal(inputs[OWNED], module.input_embedding[...][OWNED])


def test_ngrams_have_a_table_of_their_own():
    job = job_of(subwords=True)
    state = initial_state(job)
    assert state.ngram_embedding.shape == (num_rows(job.subwords.num_shared), 6)
    rows = np.arange(len(state.ngram_embedding))
    owned = word_of_row(rows, job.subwords.num_shared) < job.subwords.num_shared
    assert np.asarray(state.ngram_embedding)[owned].any(1).all()
    assert not np.asarray(state.ngram_embedding)[~owned].any()
    np.testing.assert_array_equal(state.input_embedding, initial_state(job_of()).input_embedding)


@pytest.mark.parametrize("mesh", [None, "1x8", "2x2x2"])
def test_every_mesh_begins_alike(mesh):
    job = job_of()
    state, key = place_initial_state(job, layout_of(mesh))
    jax.tree.map(np.testing.assert_array_equal, state, initial_state(job))
    assert key == jax.random.key(1)


def test_moments_and_scratch_are_those_of_the_tables():
    tables = jnp.ones((8, 3)), jnp.ones((4, 3))
    state = state_of_tables(*tables, optax.trace(0.9))
    assert state.input_optimizer.trace.shape == (8, 3)
    assert state.output_optimizer.trace.shape == (4, 3)
    assert (state.input_positions.shape, state.output_positions.shape) == ((8,), (4,))
    assert state.ngram_embedding is None
    assert [float(part) for part in Loss.nothing()] == [0, 0, 0]
