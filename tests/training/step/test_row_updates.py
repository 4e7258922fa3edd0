import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import oracles
import pytest

from jaxw2v import InputError
from jaxw2v.training.setup.optimizer import LONGEST_UPDATE, default_optimizer, scale_by_row_rms
from jaxw2v.training.setup.row_slots import capacity
from jaxw2v.training.setup.wrappers import check_elementwise
from jaxw2v.training.step.row_updates import find_touched_rows, sweep_rows, update_rows

pytestmark = pytest.mark.usefixtures("optax_promotes")

V, D = 40, 3


@functools.partial(jax.jit, static_argnums=(0, 5))
def apply(optimizer, table, state, ids, gradients, rows_per_pass, positions=None):
    positions = jnp.zeros(len(table), jnp.int32) if positions is None else positions
    touched, positions = find_touched_rows(ids, positions, rows_per_pass)
    size = capacity(len(ids), len(table), rows_per_pass)
    summed = jnp.zeros((size, D)).at[touched.slots].add(gradients)
    table, state = update_rows(
        optimizer, table, state, touched, summed, rows_per_pass, jnp.float32(0)
    )
    return table, state, positions


@pytest.mark.slow
@pytest.mark.parametrize("rows_per_pass", [1, 4, 7, 10_000])
@pytest.mark.parametrize("n", [1, 5, 100])
def test_touched_rows_are_the_distinct_ids(n, rows_per_pass):
    rng = np.random.default_rng(n)
    ids, stale = rng.integers(0, V, n), rng.integers(0, 10_000, V)
    touched, _ = find_touched_rows(jnp.asarray(ids), jnp.asarray(stale), rows_per_pass)
    in_use = touched.rows[touched.rows < V].tolist()
    assert sorted(in_use) == sorted(set(ids.tolist()))
    assert (touched.rows <= V).all()
    assert int(touched.count) == len(in_use)
    if not touched.rows.size == n <= rows_per_pass:
        # Passes end with the last one; otherwise an id's place is its slot.
        assert (touched.rows[len(in_use) :] == V).all()
    assert touched.rows[touched.slots].tolist() == ids.tolist()


def test_the_last_of_duplicates_stands_for_them_where_devices_must_agree():
    """A CPU writes in order, so that a wrong answer needs an order of its own."""
    ids = np.random.default_rng(0).integers(0, V, 100)
    stale = np.random.default_rng(1).integers(0, 10_000, V)
    touched, positions = find_touched_rows(jnp.asarray(ids), jnp.asarray(stale), 7, last_wins=True)
    last = {word: place for place, word in enumerate(ids.tolist())}
    assert {word: int(positions[word]) for word in last} == last
    expected = sorted(last, key=last.get)
    assert touched.rows[: len(last)].tolist() == expected
    text = jax.jit(find_touched_rows, static_argnums=(2, 3)).lower(ids, stale, 7, True).as_text()
    assert "stablehlo.maximum" in text


OPTIMIZERS = {
    "default": (
        default_optimizer(lambda progress: 0.1),
        lambda table: oracles.RowRms(table, 0.1, LONGEST_UPDATE),
    ),
    "adam": (optax.adam(0.1), lambda table: oracles.RowAdam(table, 0.1, b1=0.9)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("rows_per_pass", [4, 7, 10_000])
def test_the_touched_rows_move_alone(rows_per_pass, name):
    optimizer, make_oracle = OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    oracle, state, positions = make_oracle(table), optimizer.init(table), None
    for _ in range(6):
        ids = rng.integers(0, V, 25)
        gradients = rng.normal(size=(25, D))
        oracle.step(ids, gradients)
        table, state, positions = apply(
            optimizer, table, state, ids, gradients, rows_per_pass, positions
        )
        np.testing.assert_allclose(table, oracle.table, rtol=1e-4, atol=1e-5)
    assert state[0].count == 6


def test_a_row_that_is_rare_moves_far_but_not_too_far():
    rate, longest = 0.1, 3.0
    scale = scale_by_row_rms(longest)
    gradient = jnp.asarray(np.random.default_rng(0).normal(size=(2, D)), jnp.float32)
    state = scale.init(gradient)
    for step in range(1, 21):
        seen = jnp.array([[1.0], [float(step % 4 == 0)]])
        update, state = scale.update(gradient * seen, state)
        rms = np.sqrt(np.mean(np.square(update), axis=1))
        assert rms[0] == pytest.approx(1, rel=1e-5)
        # One step in four touches it: sqrt(4) times as far; the first of 400 would leap.
        assert rms[1] == pytest.approx(2.0 if step % 4 == 0 else 0.0, rel=1e-5)
    state = scale.init(gradient)._replace(count=jnp.int32(399))
    update, _ = scale.update(gradient, state)
    rms = np.sqrt(np.mean(np.square(update), axis=1))
    np.testing.assert_allclose(rms, longest, rtol=1e-5)
    assert rate * rms.max() < 1


@pytest.mark.slow
def test_the_default_optimizer_is_lazy_and_dense_alike():
    """Rows that a step misses would not move in the dense form either, and keep their state."""
    optimizer = optax.with_extra_args_support(default_optimizer(lambda progress: 0.1))
    rng = np.random.default_rng(2)
    rows = dense = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    row_state = dense_state = optimizer.init(rows)
    for _ in range(8):
        ids, gradients = rng.integers(0, V, 9), rng.normal(size=(9, D)).astype(np.float32)
        rows, row_state, _ = apply(optimizer, rows, row_state, ids, gradients, 16)
        whole = jnp.zeros((V, D)).at[ids].add(gradients)
        updates, dense_state = optimizer.update(whole, dense_state, dense, progress=0.0)
        dense = optax.apply_updates(dense, updates)
    np.testing.assert_allclose(rows, dense, rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), row_state, dense_state)


@pytest.mark.slow
def test_a_sweep_moves_what_picked_rows_move():
    rng = np.random.default_rng(3)
    table = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    optimizer = optax.adam(0.1)
    picked = swept = (table, optimizer.init(table))
    for _ in range(5):
        ids = rng.integers(0, V, 25)
        gradients = rng.normal(size=(25, D))
        picked = apply(optimizer, *picked, ids, gradients, 7)[:2]
        is_touched = jnp.zeros(V, bool).at[ids].set(True)
        # What is added at other rows does not move them.
        summed = jnp.where(is_touched[:, None], jnp.zeros((V, D)), 1).at[ids].add(gradients)
        swept = sweep_rows(optimizer, *swept, is_touched, summed, jnp.float32(0))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), swept, picked)
    assert swept[1][0].count == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer",
    [optax.adam(0.1), optax.adagrad(0.1), optax.sgd(0.1, momentum=0.9), optax.rmsprop(0.1)],
    ids=["adam", "adagrad", "momentum", "rmsprop"],
)
def test_with_every_row_touched_it_is_the_dense_algorithm(optimizer):
    rng = np.random.default_rng(1)
    rows = dense = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    row_state = dense_state = optimizer.init(rows)
    for _ in range(4):
        gradients = rng.normal(size=(V, D)).astype(np.float32)
        order = rng.permutation(V)
        rows, row_state, _ = apply(optimizer, rows, row_state, order, gradients[order], 16)
        updates, dense_state = optimizer.update(jnp.asarray(gradients), dense_state, dense)
        dense = optax.apply_updates(dense, updates)
        np.testing.assert_allclose(rows, dense, rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), row_state, dense_state)


def test_what_is_not_elementwise_is_refused():
    check_elementwise(optax.adamw(0.1))
    with pytest.raises(InputError, match="elementwise"):
        check_elementwise(optax.adafactor(0.1, min_dim_size_to_factor=1))
    with pytest.raises(InputError, match="global norm"):
        check_elementwise(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.1)))
    with pytest.raises(InputError, match="global norm"):
        check_elementwise(optax.lamb(0.1))
