import jax
import jax.numpy as jnp
import numpy as np
import optax
import oracles
import pytest

from jaxw2v.losses import negative_sampling_loss
from jaxw2v.sampling import noise_distribution
from jaxw2v.training.optimizer import default_optimizer
from jaxw2v.training.step import Blocks, blocks_loss, draw_pairs, init_state, train_step

V, D, B, L, N, W, K = 30, 4, 6, 8, 5, 3, 2
RATE = 0.05
SIZES = {"window": W, "num_negatives": K, "num_noise": N}


@pytest.fixture
def example():
    rng = np.random.default_rng(0)
    tables = [jnp.asarray(rng.normal(size=(V, D)), jnp.float32) for _ in range(2)]
    valid = np.ones((B, L), bool)
    valid[3, 5:] = False
    valid[4:] = False
    blocks = Blocks(
        jnp.asarray(rng.integers(0, V, (B, L)), jnp.int32),
        jnp.asarray(np.sort(rng.integers(0, 3, (B, L)), axis=1), jnp.int32),
        jnp.asarray(valid),
        jax.random.split(jax.random.key(1), B),
    )
    return tables, blocks, noise_distribution(rng.integers(1, 99, V))


def run(example, micro=2, rows_per_pass=7, dense=False, optimizer=None, blocks=None):
    tables, all_blocks, noise = example
    optimizer = optimizer or default_optimizer(lambda progress: RATE)
    state = init_state(*tables, optimizer)
    return train_step(
        state,
        all_blocks,
        jnp.int32(4) if blocks is None else blocks,
        noise,
        optimizer,
        jnp.float32(0),
        blocks_per_micro_batch=micro,
        rows_per_pass=rows_per_pass,
        dense=dense,
        **SIZES,
    )


def oracle_gradients(example):
    """Gradients of the tables, by autodiff through the pair form, pair by pair."""
    tables, blocks, noise = example
    windows, negatives = draw_pairs(blocks, noise, W, N)
    centers, contexts, noises = [], [], []
    for b in range(B):
        block = (np.asarray(a[b]) for a in (windows, blocks.sentence_ids, blocks.valid))
        for i, j in oracles.pairs_of_block(*block):
            centers.append(int(blocks.ids[b, i]))
            contexts.append(int(blocks.ids[b, j]))
            noises.append(np.asarray(negatives[b]))
    centers, contexts, noises = map(jnp.asarray, (centers, contexts, np.array(noises)))

    def loss(u, c):
        positive = negative_sampling_loss(u[centers], c[contexts], c[noises[:, :0]])
        both = negative_sampling_loss(u[centers], c[contexts], c[noises])
        return (positive + K / N * (both - positive)).sum()

    touched = [set(np.asarray(blocks.ids[:4]).ravel().tolist())] * 2
    touched[1] = touched[1] | set(np.asarray(negatives[:4]).ravel().tolist())
    return jax.grad(loss, (0, 1))(*tables), loss(*tables), touched, len(centers)


def test_a_step_is_row_adam_on_the_gradient_of_the_pairs(example):
    gradients, loss, touched, pairs = oracle_gradients(example)
    state, _ = run(example)
    found = (state.input_embedding, state.output_embedding)
    for table, gradient, rows, new in zip(example[0], gradients, touched, found, strict=True):
        oracle = oracles.RowAdam(table, RATE)
        rows = sorted(r for r in rows if np.asarray(gradient[r]).any())
        oracle.step(rows, np.asarray(gradient)[rows])
        # Adam's first step is the sign of the gradient: leave out where that is rounding.
        clear = np.abs(np.asarray(gradient)) > 1e-4
        untouched = ~np.isin(np.arange(V), rows)
        np.testing.assert_allclose(
            np.asarray(new)[clear], oracle.table[clear], rtol=1e-4, atol=1e-5
        )
        np.testing.assert_array_equal(np.asarray(new)[untouched], np.asarray(table)[untouched])
        assert clear.mean() > 0.3
    whole = blocks_loss(init_state(*example[0], optax.sgd(1)), *example[1:], W, K, N)
    np.testing.assert_allclose(whole.total, loss, rtol=1e-5)
    assert whole.pairs == pairs


def test_padding_touches_no_row(example):
    """Rows that only padding names keep their moments, and so do not drift."""
    tables, blocks, noise = example
    optimizer = default_optimizer(lambda progress: RATE)
    state = init_state(*tables, optimizer)
    moving = state.output_optimizer[0]._replace(mu=jnp.ones((V, D)), nu=jnp.ones((V, D)))
    state = state._replace(
        input_optimizer=(moving, *state.input_optimizer[1:]),
        output_optimizer=(moving, *state.output_optimizer[1:]),
    )
    _, _, touched, _ = oracle_gradients(example)
    touched[0] = set(np.asarray(blocks.ids)[np.asarray(blocks.valid)].tolist())
    _, negatives = draw_pairs(blocks, noise, W, N)
    touched[1] = touched[0] | set(np.asarray(negatives[:4]).ravel().tolist())
    after, _ = train_step(
        state,
        blocks,
        jnp.int32(4),
        noise,
        optimizer,
        jnp.float32(0),
        blocks_per_micro_batch=2,
        rows_per_pass=7,
        dense=False,
        **SIZES,
    )
    found = (after.input_embedding, after.output_embedding)
    for table, rows, new in zip(tables, touched, found, strict=True):
        moved = (np.asarray(new) != np.asarray(table)).any(axis=1)
        assert set(np.flatnonzero(moved).tolist()) == rows
        assert not moved.all()


@pytest.mark.parametrize("micro", [1, 3, 6])
@pytest.mark.parametrize("rows_per_pass", [5, 1 << 30])
def test_sizes_of_pieces_do_not_matter(example, micro, rows_per_pass):
    reference, _ = run(example, optimizer=optax.sgd(0.1))
    state, loss = run(example, micro, rows_per_pass, optimizer=optax.sgd(0.1))
    np.testing.assert_allclose(
        state.input_embedding, reference.input_embedding, rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        state.output_embedding, reference.output_embedding, rtol=1e-4, atol=1e-5
    )
    assert loss.pairs > 0


def test_the_dense_update_is_optax_on_the_whole_table(example):
    gradients, *_ = oracle_gradients(example)
    optimizer = optax.adagrad(0.1)
    state, _ = run(example, dense=True, optimizer=optimizer)
    for table, gradient, new in zip(
        example[0], gradients, (state.input_embedding, state.output_embedding), strict=True
    ):
        updates, _ = optimizer.update(gradient, optimizer.init(table), table)
        np.testing.assert_allclose(new, table + updates, rtol=1e-3, atol=1e-4)


def test_the_measured_loss_is_that_of_the_first_micro_batch(example):
    tables, blocks, noise = example
    _, loss = run(example, micro=2)
    first = jax.tree.map(lambda a: a[:2], blocks)
    expected = blocks_loss(init_state(*tables, optax.sgd(1)), first, noise, W, K, N)
    np.testing.assert_allclose(loss.total, expected.total, rtol=1e-6)
    assert loss.pairs == expected.pairs


def test_draws_depend_on_the_key_of_the_block_only(example):
    _, blocks, noise = example
    windows, negatives = draw_pairs(blocks, noise, W, N)
    order = jnp.array([3, 0, 5])
    some = draw_pairs(jax.tree.map(lambda a: a[order], blocks), noise, W, N)
    assert jnp.array_equal(some[0], windows[order])
    assert jnp.array_equal(some[1], negatives[order])
