"""A step on vectors made of n-grams moves rows as a plain step moves the vectors themselves."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from compiled import lay_over
from zipf import zipf_sentences

import jaxw2v
from jaxw2v import Config
from jaxw2v.corpus import open_corpus
from jaxw2v.devices.storage_order import storage_row
from jaxw2v.subwords import made_up_words
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.setup import word_parts
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.setup.word_parts import FOLLOW
from jaxw2v.training.step.state import place_initial_state

RATE = 0.5
PLAIN = Config(
    embedding_dim=16, min_count=1, tokens_per_step=16_384, epochs=1, subsample_threshold=0.0
)
SUBWORDS = dataclasses.replace(PLAIN, subwords=True, min_ngram=2, ngram_buckets=3_000)


@pytest.fixture(scope="module")
def sentences():
    names = made_up_words(300)
    return [[names[int(word[1:])] for word in s] for s in zipf_sentences(300, 12, 304)]


def engine_of(stream, config, mesh=None, vectors=None):
    counts, words = stream.vocabulary.counts, stream.vocabulary.words
    job = make_job(config, counts, optax.sgd(RATE), on_cpu=True, words=words)
    layout = lay_over(mesh, job)
    state, key = place_initial_state(job, layout)
    # Output rows that are not zero, so that input rows move.
    rows = storage_row(np.arange(len(words)), len(words))
    outputs = np.zeros(state.output_embedding.shape, np.float32)
    outputs[rows] = np.random.default_rng(1).normal(size=(len(words), config.embedding_dim))
    state = state._replace(
        output_embedding=jax.device_put(outputs, state.output_embedding.sharding)
    )
    if vectors is not None:
        inputs = np.zeros(state.input_embedding.shape, np.float32)
        inputs[rows] = vectors
        state = state._replace(input_embedding=jnp.asarray(inputs))
    return Engine(job, layout, (state, key))


def one_step(engine, stream):
    chunk = Feed(stream, engine.job.plan.chunk_tokens, engine.layout).read(0).chunk
    loss, steps = engine.train(chunk, 0, 0, np.array([0, 0.5], np.float32))
    assert int(steps) == 1
    return float(loss.total)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:mesh 1x1x8 leaves 2 columns")
@pytest.mark.parametrize(
    ("objective", "output_layer", "mesh"),
    [
        pytest.param("skipgram", "negative_sampling", None, marks=pytest.mark.lengthy),
        pytest.param("skipgram", "negative_sampling", "8x1", marks=pytest.mark.lengthy),
        pytest.param("skipgram", "negative_sampling", "1x8", marks=pytest.mark.lengthy),
        ("skipgram", "negative_sampling", "1x1x8"),
        ("skipgram", "softmax", "2x2"),
        pytest.param("skipgram", "hierarchical_softmax", "2x2x2", marks=pytest.mark.lengthy),
        ("cbow", "negative_sampling", "4x1x2"),
        pytest.param("cbow", "hierarchical_softmax", None, marks=pytest.mark.lengthy),
    ],
)
def test_rows_move_by_their_share_of_what_vectors_would(sentences, objective, output_layer, mesh):
    check_a_step(sentences, objective, output_layer, mesh, lambda n: np.maximum(n, 1) ** -FOLLOW)


@pytest.mark.slow
def test_rows_that_follow_wholly_move_by_the_gradient(sentences, monkeypatch):
    monkeypatch.setattr(word_parts, "FOLLOW", 0.0)
    check_a_step(sentences, "skipgram", "negative_sampling", None, np.ones_like)


def check_a_step(sentences, objective, output_layer, mesh, follow):
    layers = {"objective": objective, "output_layer": output_layer}
    if output_layer == "negative_sampling":
        # Left open, n-grams change it.
        layers["negatives_per_block"] = 32
    config = dataclasses.replace(SUBWORDS, **layers)
    stream = open_corpus(sentences, config, show_progress=False)
    engine = engine_of(stream, config, mesh)
    before = engine.word_vectors(stream.vocabulary)
    plain = engine_of(stream, dataclasses.replace(PLAIN, **layers), None, before.vectors)
    assert one_step(engine, stream) == pytest.approx(one_step(plain, stream), rel=1e-5)
    after = engine.word_vectors(stream.vocabulary)
    moved = np.asarray(plain.tables()[0]) - before.vectors
    assert np.abs(moved).max() > 0.1
    shared = engine.job.subwords
    shares = moved / shared.sizes[:, None]
    rows = [shared.shared[shared.starts[v] : shared.starts[v + 1]] for v in range(len(moved))]
    words_of_row, expected = np.zeros(shared.num_shared), np.zeros_like(before.subwords.shared)
    for v, share in enumerate(shares):
        expected[rows[v]] += share
        # The whole text is one step.
        words_of_row[rows[v]] += 1 - np.exp(-stream.vocabulary.counts[v])
    follow = follow(words_of_row)
    for v in range(len(moved)):
        weights = shared.weights[shared.starts[v] : shared.starts[v + 1]]
        rest = shared.sizes[v] - (weights * follow[rows[v]]).sum()
        count = stream.vocabulary.counts[v]
        share = count / (count + word_parts.OWN_OCCURRENCES)
        shares[v] *= 1 + share * (rest / shared.own_weights[v] - 1)
    # Rows move by up to 26, where 5e-6 are three last bits of float32.
    own = after.subwords.own - before.subwords.own
    np.testing.assert_allclose(own, shares, rtol=1e-6, atol=5e-6)
    expected *= follow[:, None]
    moved = after.subwords.shared - before.subwords.shared
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    found, expected = (e.state_by_rows().output_embedding for e in (engine, plain))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("optax_promotes")
def test_words_with_ngrams_train_under_64_bits_as_under_32(sentences):
    config = Config(embedding_dim=4, epochs=1, min_count=1, subwords=True)
    runs = []
    for enabled in (False, True):
        with jax.enable_x64(enabled):
            runs.append(jaxw2v.train(sentences, config, show_progress=False))
    np.testing.assert_allclose(runs[0].vectors, runs[1].vectors, atol=1e-5)
