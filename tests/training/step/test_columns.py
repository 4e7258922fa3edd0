"""Devices that share out the columns take the step of one device that has them all."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from chunks import CONFIG, assert_agrees, chunk_of
from zipf import zipf_sentences

from jaxw2v import InputError, train
from jaxw2v.corpus import open_corpus
from jaxw2v.devices.shards import Shards
from jaxw2v.devices.storage_order import storage_row
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.objectives import Objective, make_objective
from jaxw2v.training.objectives.input_layer import InputLayer
from jaxw2v.training.objectives.output_layer import OutputLayer
from jaxw2v.training.step.batch import ChunkInputs
from jaxw2v.training.step.chunk import make_train_chunk
from jaxw2v.training.step.chunk_keys import chunk_keys
from jaxw2v.training.step.program import word_arrays
from jaxw2v.training.step.state import initial_state

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("optax_promotes")]

# One step of all the text.
ONE_STEP = dataclasses.replace(CONFIG, tokens_per_step=32_768)
MESHES = ["1x1x8", "2x2x2", "4x1x2"]
# After some 20 steps; scores are added up in another order, and rows move by what they say.
MANY_STEPS = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(700, 20, 1_000)


@pytest.fixture(scope="module")
def one_step(sentences):
    return chunk_of(sentences, ONE_STEP, None)


@pytest.mark.parametrize("mesh", MESHES)
def test_one_step_agrees_to_a_millionth(sentences, one_step, mesh):
    alone, loss, _ = one_step
    tables, other, engine = chunk_of(sentences, ONE_STEP, mesh)
    assert int(optax.tree.get(engine.state.input_optimizer, "count")) == 1
    for table, expected in zip(tables, alone, strict=True):
        assert np.abs(expected).max() > 0.01
        np.testing.assert_allclose(table, expected, rtol=0, atol=1e-6)
    # A sum of thousands of pairs, each device its own.
    np.testing.assert_allclose(other, loss, rtol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"negatives": "fresh", "window": 2, "num_negatives": 2},
        {"output_layer": "hierarchical_softmax"},
        {"objective": "cbow"},
        {"max_norm": 0.05},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_every_objective_agrees(sentences, settings):
    config = dataclasses.replace(CONFIG, **settings)
    tables, _ = assert_agrees(sentences, config, "3x1x2", **MANY_STEPS)
    if "max_norm" in settings:
        longest = np.linalg.norm(tables[0], axis=1).max()
        assert longest == pytest.approx(0.05, rel=1e-5)


def test_meshes_with_as_many_columns_give_the_same_bits(sentences):
    first, *others = (chunk_of(sentences, CONFIG, mesh)[0] for mesh in ("1x1x2", "4x1x2", "2x2x2"))
    for tables in others:
        jax.tree.map(np.testing.assert_array_equal, tables, first)


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        (optax.adam(0.02), {}),
        (optax.sgd(0.01), {"max_norm": 0.05}),
        pytest.param(
            optax.sgd(1e-4),
            {"negatives": "fresh", "window": 2, "num_negatives": 2},
            marks=pytest.mark.lengthy,
        ),
    ],
    ids=["adam", "sgd max_norm", "sgd fresh"],
)
def test_any_elementwise_optimizer_is_cut_like_the_tables(sentences, optimizer, settings):
    config = dataclasses.replace(CONFIG, **settings)
    _, engine = assert_agrees(sentences, config, "1x2x4", optimizer, rtol=2e-4, atol=2e-5)
    for leaf in jax.tree.leaves(engine.state):
        if leaf.ndim == 2:
            assert leaf.shape[1] == 16
            assert leaf.addressable_shards[0].data.size == leaf.size // 8


def test_an_optimizer_that_looks_across_a_row_is_refused(sentences):
    def update(updates, state, params=None):
        return updates / (1 + jnp.linalg.norm(updates, axis=1, keepdims=True)), state

    by_row = optax.GradientTransformation(lambda params: optax.EmptyState(), update)
    run = {"optimizer": by_row, "show_progress": False}
    train(sentences, CONFIG, mesh="1x2", **run)
    with pytest.raises(InputError, match="what others of its row do"):
        train(sentences, CONFIG, mesh="1x1x2", **run)
    by_column = optax.GradientTransformation(
        lambda params: jnp.zeros(params.shape[1]),
        lambda updates, state, params=None: (updates, state),
    )
    with pytest.raises(InputError, match=r"keeps state of shape \(3,\)"):
        train(sentences, CONFIG, mesh="1x1x2", optimizer=by_column, show_progress=False)


class WholeRows(OutputLayer):
    """Says nothing of columns."""

    def rows_per_block(self, block_length, constants):
        return block_length

    def row_ids(self, constants, ids, draws):
        return ids

    def loss(self, constants, ids, hidden, rows, target_mask):
        return (target_mask * jnp.einsum("bjd,bid->bji", rows, hidden) ** 2).sum()


@pytest.mark.parametrize(
    ("mesh", "settings", "message"),
    [
        ("1x1x2", {"output_layer": "softmax"}, "ExactSoftmax needs whole rows"),
        ("1x1x8", {"embedding_dim": 6}, "shares out 6 columns over 8 devices"),
        ("1x1x16", {"embedding_dim": 64}, "needs 16 devices and there are 8"),
    ],
)
def test_what_cannot_be_is_refused(sentences, mesh, settings, message):
    config = dataclasses.replace(CONFIG, **settings)
    with pytest.raises(InputError, match=message):
        train(sentences, config, mesh=mesh, show_progress=False)


class UnitRows(InputLayer):
    """Divides rows by their lengths, which some columns do not tell."""

    def hidden(self, constants, ids, rows, pairs):
        return rows / jnp.linalg.norm(rows, axis=-1, keepdims=True)

    def targets(self, pairs):
        return pairs


def test_a_layer_of_ones_own_says_whether_it_takes_columns(sentences):
    ours = make_objective(CONFIG)
    for objective, name in (
        (Objective(ours.input_layer, WholeRows()), "output layer WholeRows"),
        (Objective(UnitRows(), ours.output_layer), "input layer UnitRows"),
    ):
        with pytest.raises(InputError, match=f"{name} needs whole rows"):
            train(sentences, CONFIG, mesh="1x1x2", objective=objective, show_progress=False)


def test_columns_too_narrow_for_the_hardware_are_told(sentences):
    with pytest.warns(UserWarning, match="leaves 4 columns to a device"):
        train(sentences, CONFIG, mesh="1x1x4", show_progress=False)


def test_a_loop_of_ones_own_under_pmap_shares_out_columns(sentences):
    """As somebody with a pmap loop would call the chunk, columns 2 i and 2 i + 1 on device i."""
    expected, loss, engine = chunk_of(sentences, CONFIG, None)
    job, stream = engine.job, open_corpus(sentences, CONFIG, show_progress=False)
    chunk = Feed(stream, job.plan.chunk_tokens, engine.layout).read(0).chunk
    per_device = make_train_chunk(job, Shards(len(job.keep), dim=("dim",)))

    def in_columns(leaf):
        if leaf.ndim < 2 or leaf.shape[1] == 1:
            return jnp.stack([leaf] * 8)
        return jnp.pad(leaf, ((0, 0), (0, 1))).reshape(-1, 8, 2).swapaxes(0, 1)

    state = jax.tree.map(in_columns, jax.jit(initial_state, static_argnums=0)(job))
    inputs = ChunkInputs(
        chunk,
        word_arrays(job),
        chunk_keys(jax.random.key(CONFIG.seed), jnp.array([1, 0])),
        np.array([0, 0.5], np.float32),
    )
    program = jax.pmap(per_device, "dim", in_axes=(0, None))
    state, measured, _ = program(state, jax.tree.map(jnp.asarray, inputs))
    np.testing.assert_allclose(measured.total, np.full(8, loss[0]), rtol=1e-5)
    for found, table in zip(state[:2], expected, strict=True):
        whole = np.asarray(found).swapaxes(0, 1).reshape(-1, 16)[:, :15]
        rows = storage_row(np.arange(len(table)), len(table))
        np.testing.assert_allclose(whole[rows], table, **MANY_STEPS)


@pytest.mark.filterwarnings("ignore:mesh .* leaves:UserWarning")
def test_queries_of_columns_are_those_of_whole_rows(sentences, tmp_path):
    config = dataclasses.replace(CONFIG, validation_share=0.05)
    whole = train(sentences, config, out=tmp_path / "whole", show_progress=False)
    cut = train(sentences, config, mesh="2x2x2", out=tmp_path / "cut", show_progress=False)
    assert isinstance(cut.vectors, jax.Array)
    np.testing.assert_allclose(np.asarray(cut.vectors)[:700], whole.vectors, **MANY_STEPS)
    found, expected = (
        json.loads((tmp_path / name / "metrics.jsonl").read_text()) for name in ("cut", "whole")
    )
    for name in ("loss", "validation_loss"):
        assert found[name] == pytest.approx(expected[name], rel=1e-5)
    found, expected = (wv.most_similar("w1", topn=3) for wv in (cut, whole))
    assert [word for word, _ in found] == [word for word, _ in expected]
