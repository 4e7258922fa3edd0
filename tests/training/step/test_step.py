import jax
import jax.numpy as jnp
import numpy as np
import optax
import oracles
import pytest

from jaxw2v import Config
from jaxw2v.devices.shards import Shards
from jaxw2v.losses import negative_sampling_loss
from jaxw2v.sampling import context_bounds
from jaxw2v.training.objectives import LayerConstants, make_objective
from jaxw2v.training.setup.optimizer import LONGEST_UPDATE, default_optimizer
from jaxw2v.training.step.batch import WordArrays
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import state_of_tables
from jaxw2v.training.step.step import Blocks, blocks_loss, train_step

pytestmark = pytest.mark.usefixtures("optax_promotes")

V, D, B, L, N, W, K = 30, 4, 6, 8, 5, 3, 2
USED = 4
RATE = 0.05
OBJECTIVE = make_objective(Config(num_negatives=K, negatives_per_block=N, window_sampling="fixed"))
ALONE = Shards(V)
ALWAYS = jnp.full(V, 2**32 - 1, jnp.uint32)


@pytest.fixture
def example():
    """Tables, blocks of which the last two are padding, and the (block, center, context) pairs."""
    rng = np.random.default_rng(0)
    tables = [jnp.asarray(rng.normal(size=(V, D)), jnp.float32) for _ in range(2)]
    valid = np.ones((B, L), bool)
    valid[3, 5:] = False
    valid[USED:] = False
    windows = rng.integers(1, W + 1, (B, L))
    sentence_ids = np.where(valid, np.sort(rng.integers(0, 3, (B, L)), axis=1), -1)
    blocks = Blocks(
        jnp.asarray(np.where(valid, rng.integers(0, V, (B, L)), -1), jnp.int32),
        context_bounds(*map(jnp.asarray, (windows, sentence_ids, valid))),
        jnp.asarray(rng.integers(0, V, (B, N)), jnp.int32),
        None,
    )
    pairs = [
        (b, i, j)
        for b in range(B)
        for i, j in oracles.pairs_of_block(windows[b], sentence_ids[b], valid[b])
    ]
    return tables, blocks, np.array(pairs)


def run(
    example,
    micro=2,
    rows_per_pass=7,
    dense=False,
    optimizer=None,
    state=None,
    measure=True,
    pieces=1,
):
    tables, blocks, _ = example
    optimizer = optimizer or default_optimizer(lambda progress: RATE)
    settings = StepSettings(OBJECTIVE, optimizer, ALONE, micro, pieces, rows_per_pass, dense)
    return jax.jit(train_step, static_argnums=6)(
        state or state_of_tables(*map(oracles.stored, tables), optimizer),
        blocks,
        jnp.int32(USED),
        WordArrays(ALWAYS, LayerConstants()),
        jnp.float32(0),
        jnp.asarray(measure),
        settings,
    )


def words(state):
    """Both tables in the order of the words."""
    tables = state.input_embedding, state.output_embedding
    return [oracles.by_word(table, V) for table in tables]


def measured(example, blocks):
    state = state_of_tables(*map(oracles.stored, example[0]), optax.sgd(1))
    words = WordArrays(ALWAYS, LayerConstants())
    return jax.jit(blocks_loss, static_argnums=(3, 4))(state, blocks, words, OBJECTIVE, ALONE)


def oracle_gradients(example):
    """Gradients of the tables, by autodiff through the pair form, pair by pair."""
    tables, blocks, pairs = example
    b, i, j = pairs.T
    centers, contexts, noises = blocks.ids[b, i], blocks.ids[b, j], blocks.draws[b]

    def loss(u, c):
        positive = negative_sampling_loss(u[centers], c[contexts], c[noises[:, :0]])
        both = negative_sampling_loss(u[centers], c[contexts], c[noises])
        return (positive + K / N * (both - positive)).sum()

    total, gradients = jax.jit(jax.value_and_grad(loss, (0, 1)))(*tables)
    return gradients, total


def touched_rows(example):
    """The rows of both tables that a step reads for a valid token or a negative."""
    _, blocks, _ = example
    tokens = set(np.asarray(blocks.ids).ravel().tolist()) - {-1}
    return tokens, tokens | set(np.asarray(blocks.draws[:USED]).ravel().tolist())


# Rows that are picked, and a table that is swept.
BOTH_WAYS = pytest.mark.parametrize("rows_per_pass", [7, 1 << 30], ids=["picked", "swept"])


@pytest.mark.slow
@BOTH_WAYS
def test_a_step_moves_rows_by_the_gradient_of_the_pairs(example, rows_per_pass):
    gradients, loss = oracle_gradients(example)
    touched = touched_rows(example)
    state, _ = run(example, rows_per_pass=rows_per_pass)
    found = words(state)
    for table, gradient, rows, new in zip(example[0], gradients, touched, found, strict=True):
        oracle = oracles.RowRms(table, RATE, LONGEST_UPDATE)
        rows = sorted(r for r in rows if np.asarray(gradient[r]).any())
        oracle.step(rows, np.asarray(gradient)[rows])
        untouched = ~np.isin(np.arange(V), rows)
        np.testing.assert_allclose(new, oracle.table, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(np.asarray(new)[untouched], np.asarray(table)[untouched])
        assert (np.abs(np.asarray(new) - table) > RATE / 10).mean() > 0.3
    whole = measured(example, example[1])
    np.testing.assert_allclose(whole.total, loss, rtol=1e-5)
    assert whole.pairs == len(example[2])


@pytest.mark.slow
@BOTH_WAYS
def test_padding_touches_no_row(example, rows_per_pass):
    """Rows that only padding names keep their moments, and so do not drift."""
    optimizer = optax.adam(RATE)
    state = state_of_tables(*map(oracles.stored, example[0]), optimizer)
    ones = jnp.ones_like(state.input_embedding)
    moving = state.output_optimizer[0]._replace(mu=ones, nu=ones)
    state = state._replace(
        input_optimizer=(moving, *state.input_optimizer[1:]),
        output_optimizer=(moving, *state.output_optimizer[1:]),
    )
    after, _ = run(example, rows_per_pass=rows_per_pass, optimizer=optimizer, state=state)
    found = words(after)
    for table, rows, new in zip(example[0], touched_rows(example), found, strict=True):
        moved = (np.asarray(new) != np.asarray(table)).any(axis=1)
        assert set(np.flatnonzero(moved).tolist()) == rows
        assert not moved.all()


@pytest.mark.slow
@pytest.mark.parametrize(("micro", "pieces"), [(1, 1), (3, 1), (6, 1), (3, 2), (6, 4)])
@pytest.mark.parametrize("rows_per_pass", [5, 1 << 30])
def test_sizes_of_pieces_do_not_matter(example, micro, pieces, rows_per_pass):
    reference, _ = run(example, optimizer=optax.sgd(0.1))
    state, loss = run(example, micro, rows_per_pass, optimizer=optax.sgd(0.1), pieces=pieces)
    for table, expected in zip(words(state), words(reference), strict=True):
        np.testing.assert_allclose(table, expected, rtol=1e-4, atol=1e-5)
    assert loss.pairs > 0


@pytest.mark.slow
def test_the_dense_update_is_optax_on_the_whole_table(example):
    gradients, _ = oracle_gradients(example)
    optimizer = optax.adagrad(0.1)
    state, _ = run(example, dense=True, optimizer=optimizer)
    for table, gradient, new in zip(example[0], gradients, words(state), strict=True):
        updates, _ = optimizer.update(gradient, optimizer.init(table), table)
        np.testing.assert_allclose(new, table + updates, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [1, 2])
def test_the_measured_loss_is_that_of_the_first_micro_batch(example, pieces):
    _, loss = run(example, micro=2, pieces=pieces)
    first = jax.tree.map(lambda a: a[:2], example[1])
    expected = measured(example, first)
    np.testing.assert_allclose(loss.total, expected.total, rtol=1e-6)
    assert loss.pairs == expected.pairs
    _, unmeasured = run(example, micro=2, measure=False, pieces=pieces)
    assert unmeasured == (0, 0, len(example[2]))
    assert loss.formed == len(example[2])
