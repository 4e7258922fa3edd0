"""The same step on every mesh."""

import dataclasses
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from chunks import CONFIG, assert_agrees, chunk_of
from zipf import zipf_sentences

from jaxw2v import train
from jaxw2v.corpus import open_corpus
from jaxw2v.devices.layout import Layout
from jaxw2v.devices.shards import Shards
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.step.batch import Chunk, ChunkInputs
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.chunk_keys import chunk_keys
from jaxw2v.training.step.program import word_arrays
from jaxw2v.training.step.state import initial_state

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("optax_promotes")]

MESHES = ["2x1", "8x1", "1x8", "4x2"]


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(700, 20, 1_000)


def test_every_mesh_gives_the_same_bits(sentences):
    alone, loss, _ = chunk_of(sentences, CONFIG, None)
    assert np.abs(alone[1]).max() > 0.01
    many = [chunk_of(sentences, CONFIG, mesh) for mesh in MESHES]
    for tables, _, _ in many:
        for table, expected, first in zip(tables, alone, many[0][0], strict=True):
            np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-7)
            np.testing.assert_array_equal(table, first)
    for _, other, _ in many:
        np.testing.assert_allclose(other, loss, rtol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {
            "row_updates": "dense",
            "subsample_formula": "percentile",
            "require_full_window": True,
            "window": 2,
        },
        {"negatives": "fresh", "window": 2, "num_negatives": 2},
        {"output_layer": "hierarchical_softmax"},
        {"output_layer": "softmax", "tokens_per_step": 544},
        {"objective": "cbow"},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_every_objective_agrees_over_devices(sentences, settings):
    config = dataclasses.replace(CONFIG, **settings)
    assert_agrees(sentences, config, "3x2", rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("mesh", "row_updates"),
    [("4x2", "sparse"), pytest.param("8x1", "dense", marks=pytest.mark.lengthy)],
)
def test_exchanged_sums_agree_with_exchanged_rows(sentences, mesh, row_updates):
    config = dataclasses.replace(CONFIG, row_updates=row_updates)
    # Plain gradient descent, because Adam's first steps are the sign of any rounding.
    rows, _, _ = chunk_of(sentences, config, mesh, optax.sgd(0.01))
    sums, _, _ = chunk_of(sentences, config, mesh, optax.sgd(0.01), exchange_sums=True)
    for table, expected in zip(sums, rows, strict=True):
        np.testing.assert_allclose(table, expected, rtol=1e-4, atol=1e-6)
        assert np.abs(table).max() > 0.01


@pytest.mark.slow
def test_copies_that_drifted_are_made_the_same_again(sentences):
    _, _, engine = chunk_of(sentences, CONFIG, "4x2")
    table = engine.state.input_embedding
    moved = [
        jax.device_put(np.asarray(shard.data) + 1e-3 * shard.device.id, shard.device)
        for shard in table.addressable_shards
    ]
    drifted = jax.make_array_from_single_device_arrays(table.shape, table.sharding, moved)
    expected = (
        np.asarray(table) + 1e-3 * np.where(np.arange(len(table)) < len(table) / 2, 3, 4)[:, None]
    )
    engine.state = engine.state._replace(input_embedding=drifted)
    engine.reconcile()
    copies = engine.state.input_embedding.addressable_shards
    for shard in copies:
        np.testing.assert_allclose(shard.data, expected[shard.index], rtol=1e-5)
        twin = next(s for s in copies if s.index == shard.index)
        np.testing.assert_array_equal(shard.data, twin.data)
    assert not engine.layout.copies_drift


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("exchange_sums", [False, True])
@pytest.mark.parametrize("platform", ["cpu", "gpu", "tpu"])
def test_copies_drift_where_nothing_orders_their_sums(platform, exchange_sums, in_order):
    layout = Layout(None, 9, 4)
    device = SimpleNamespace(platform=platform)
    layout.mesh = SimpleNamespace(devices=np.array([device] * 2), shape={"data": 2})
    layout.shards = Shards(9, ("data",), exchange_sums=exchange_sums, in_order=in_order)
    ordered = exchange_sums or (platform == "gpu" and in_order)
    assert layout.copies_drift == (platform != "cpu" and not ordered)


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adam(0.02),
        pytest.param(optax.adagrad(0.1), marks=pytest.mark.lengthy),
        optax.sgd(0.01),
    ],
)
def test_any_elementwise_optimizer_is_cut_like_the_tables(sentences, optimizer):
    _, engine = assert_agrees(sentences, CONFIG, "2x4", optimizer, rtol=2e-4, atol=2e-5)
    for leaf in jax.tree.leaves(engine.state):
        size = leaf.addressable_shards[0].data.size
        assert size == (leaf.size // 4 if leaf.ndim else 1)


def test_pmap_gives_the_bits_of_shard_map(sentences):
    """As somebody with a pmap loop would call the chunk."""
    expected, loss, engine = chunk_of(sentences, CONFIG, "8x1")
    job = engine.job
    stream = open_corpus(sentences, CONFIG, show_progress=False)
    chunk = (
        Feed(stream, job.plan.chunk_tokens, Layout(None, len(job.keep), job.config.embedding_dim))
        .read(0)
        .chunk
    )
    size = 8 * -(-job.plan.chunk_tokens // 8)
    parts = [
        np.pad(part, (0, size - part.size), constant_values=-1).reshape(8, -1) for part in chunk
    ]
    shards = Shards(len(job.keep), data=("data",))
    per_device = make_train_chunk(job, shards)
    program = jax.pmap(per_device, "data", in_axes=(0, ChunkInputs(0, None, None, None)))
    state = jax.tree.map(
        lambda leaf: jnp.stack([leaf] * 8), jax.jit(initial_state, static_argnums=0)(job)
    )
    inputs = ChunkInputs(
        Chunk(*parts),
        word_arrays(job),
        chunk_keys(jax.random.key(CONFIG.seed), jnp.array([1, 0])),
        np.array([0, 0.5], np.float32),
    )
    state, measured, _ = program(state, inputs)
    assert np.array_equal(measured.total, np.full(8, loss[0], np.float32))
    for found, table in zip(
        (state.input_embedding, state.output_embedding), engine.state[:2], strict=True
    ):
        for copy in np.asarray(found):
            np.testing.assert_array_equal(copy, np.asarray(table))
    assert all(np.abs(table).max() > 0 for table in expected)


def test_tables_and_moments_are_cut_in_memory(sentences):
    _, _, engine = chunk_of(sentences, CONFIG, "1x8")
    rows = 768 // 8
    for leaf in jax.tree.leaves(engine.state):
        if leaf.ndim:
            assert {shard.data.shape[0] for shard in leaf.addressable_shards} == {rows}


def test_vectors_of_cut_tables_are_those_of_whole_ones(sentences, tmp_path):
    config = dataclasses.replace(CONFIG, epochs=2, probe_words=("w1",))
    whole = train(sentences, config, show_progress=False)
    cut = train(sentences, config, mesh="2x4", out=tmp_path, show_progress=False)
    assert isinstance(cut.vectors, jax.Array)
    np.testing.assert_array_equal(cut.vectors[:700], whole.vectors)
    metrics = (tmp_path / "metrics.jsonl").read_text()
    assert metrics.count("\n") == 2
