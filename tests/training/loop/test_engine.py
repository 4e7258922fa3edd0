"""The state of a run and what reads it, on several meshes."""

import dataclasses

import jax
import numpy as np
import pytest
from compiled import lay_over
from zipf import zipf_sentences

from jaxw2v import Config
from jaxw2v.corpus import open_corpus
from jaxw2v.training import make_job
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed

CONFIG = Config(embedding_dim=8, min_count=1, tokens_per_step=512, epochs=1, learning_rate=0.1)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stream():
    return open_corpus(zipf_sentences(100, 12, 150), CONFIG, show_progress=False)


def engine_of(stream, mesh=None, **settings):
    job = make_job(dataclasses.replace(CONFIG, **settings), stream.vocabulary.counts, on_cpu=True)
    return Engine(job, lay_over(mesh, job))


def chunk_for(engine, stream):
    return Feed(stream, engine.job.plan.chunk_tokens, engine.layout).read(0).chunk


@pytest.mark.parametrize("mesh", ["2x2"])
def test_measuring_changes_nothing_and_training_lowers_what_it_measures(stream, mesh):
    engine = engine_of(stream, mesh)
    chunk = chunk_for(engine, stream)
    measure = engine.evaluator(engine.job.plan.chunk_tokens)
    first, again = measure(chunk, 0), measure(chunk, 0)
    assert float(first.total) == float(again.total)
    # Output rows are zero: each of the 1 + 5 sigmoids is one half.
    assert float(first.total / first.pairs) == pytest.approx(6 * np.log(2), rel=1e-5)
    for epoch in range(3):
        _, steps = engine.train(chunk, epoch, 0, np.array([0, 0.1], np.float32))
        assert int(steps) > 1
    after = measure(chunk, 0)
    assert float(after.total) < 0.99 * float(first.total)
    assert float(after.pairs) == float(first.pairs)


@pytest.mark.parametrize("mesh", [None, "2x2"])
def test_vectors_are_those_of_the_state_in_the_order_of_words(stream, mesh):
    engine = engine_of(stream, mesh)
    size = len(stream.vocabulary)
    tables = [np.asarray(table)[:size] for table in engine.tables()]
    assert len(tables) == 2
    wv = engine.word_vectors(stream.vocabulary)
    np.testing.assert_array_equal(np.asarray(wv.vectors)[:size], tables[0])
    rows = np.asarray(engine.state_by_rows().input_embedding)
    rows = rows[rows.any(1)]
    assert {row.tobytes() for row in rows} == {row.tobytes() for row in tables[0]}


def test_rows_of_nodes_are_no_vectors(stream):
    engine = engine_of(stream, output_layer="hierarchical_softmax")
    assert len(engine.tables()) == 1
    assert engine.word_vectors(stream.vocabulary).output_vectors is None


def test_an_engine_goes_on_from_a_state(stream):
    engine = engine_of(stream)
    chunk = chunk_for(engine, stream)
    progress = np.array([0, 0.5], np.float32)
    engine.train(chunk, 0, 0, progress)
    kept = jax.tree.map(np.asarray, engine.state_by_rows())
    engine.train(chunk, 1, 0, progress)
    state = jax.tree.map(jax.numpy.asarray, kept)
    other = Engine(engine.job, engine.layout, (state, engine.key))
    other.train(chunk, 1, 0, progress)
    jax.tree.map(np.testing.assert_array_equal, other.state, engine.state)
    assert engine.compile_seconds > 0
