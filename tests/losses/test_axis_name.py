"""Losses of some columns on each device are the losses of whole rows, and so are gradients."""

import functools

import jax
import numpy as np
import pytest
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

from jaxw2v import losses

B, L, D, N, DEPTH, DEVICES = 3, 4, 12, 5, 3, 4
RNG = np.random.default_rng(0)
MASKS = {
    "each_pair": RNG.random((B, L, L)) < 0.5,
    "own_word": RNG.random((B, L)) < 0.7,
}
SIGNS = RNG.integers(-1, 2, (B, L, DEPTH)).astype(np.int8)


def rows(*shape):
    return RNG.normal(size=(*shape, D)).astype(np.float32)


# Each: a loss of whole or cut rows and what else it takes, and the rows.
CASES = {
    "negative_sampling": (
        lambda c, o, n, **axis: losses.negative_sampling_loss(c, o, n, **axis).sum(),
        (rows(L), rows(L), rows(L, N)),
    ),
    "hierarchical_softmax": (
        lambda h, n, **axis: losses.hierarchical_softmax_loss(h, n, SIGNS[0], **axis).sum(),
        (rows(L), rows(L, DEPTH)),
    ),
}
for name, mask in MASKS.items():
    CASES[f"block_negative_sampling-{name}"] = (
        functools.partial(
            lambda c, o, n, mask, **axis: losses.block_negative_sampling_loss(
                c, o, n, mask, 2, **axis
            ),
            mask=mask,
        ),
        (rows(B, L), rows(B, L), rows(B, N)),
    )
    CASES[f"block_hierarchical_softmax-{name}"] = (
        functools.partial(
            lambda h, n, mask, **axis: losses.block_hierarchical_softmax_loss(
                h, n, SIGNS, mask, **axis
            ),
            mask=mask,
        ),
        (rows(B, L), rows(B, L, DEPTH)),
    )


def mesh_of(name):
    devices = jax.devices()[:DEVICES]
    return jax.make_mesh((DEVICES,), (name,), devices=devices, axis_types=(AxisType.Auto,))


def over_devices(function, mesh, in_specs, out_specs):
    return jax.jit(jax.shard_map(function, mesh=mesh, in_specs=in_specs, out_specs=out_specs))


def on_columns(function, arrays, out_specs):
    """Runs a function on devices that hold some columns each."""
    mesh = mesh_of("dim")
    specs = tuple(P(*[None] * (array.ndim - 1), "dim") for array in arrays)
    out_specs = specs if out_specs is None else out_specs
    return over_devices(function, mesh, specs, out_specs)(*arrays)


def gradients_of(loss, arrays):
    return jax.jit(jax.grad(loss, tuple(range(len(arrays)))))(*arrays)


@pytest.mark.parametrize("name", CASES)
def test_a_loss_and_its_gradients_are_those_of_whole_rows(name):
    loss, arrays = CASES[name]
    cut = functools.partial(loss, axis_name="dim")
    numbers = tuple(range(len(arrays)))
    np.testing.assert_allclose(on_columns(cut, arrays, P()), jax.jit(loss)(*arrays), rtol=1e-6)
    found = on_columns(jax.grad(cut, numbers), arrays, None)
    for gradient, expected in zip(found, gradients_of(loss, arrays), strict=True):
        assert np.abs(expected).max() > 0.1
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_right_where_types_are_unchecked(name):
    """As somebody under pmap would take them."""
    loss, arrays = CASES[name]
    numbers = tuple(range(len(arrays)))
    parts = [np.stack(np.split(array, DEVICES, axis=-1)) for array in arrays]
    gradient = jax.grad(functools.partial(loss, axis_name="dim"), numbers)
    found = jax.pmap(gradient, "dim", devices=jax.devices()[:DEVICES])(*parts)
    for part, expected in zip(found, gradients_of(loss, arrays), strict=True):
        whole = np.concatenate(list(np.asarray(part)), axis=-1)
        np.testing.assert_allclose(whole, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mask", MASKS)
def test_written_out_gradients_are_those_of_whole_rows(mask):
    mask = MASKS[mask]
    cases = (
        (
            lambda c, o, **axis: losses.block_negative_sampling_gradients(c, o, mask, 2, **axis),
            (rows(B, L), rows(B, L + N)),
        ),
        (
            lambda h, n, **axis: losses.block_hierarchical_softmax_gradients(
                h, n, SIGNS, mask, **axis
            ),
            (rows(B, L), rows(B, L, DEPTH)),
        ),
    )
    for gradients, arrays in cases:
        found = on_columns(functools.partial(gradients, axis_name="dim"), arrays, None)
        for gradient, expected in zip(found, jax.jit(gradients)(*arrays), strict=True):
            np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


HIDDEN, WORDS = rows(B, L), rows(12)
IDS = RNG.integers(0, 10, (B, L)).astype(np.int32)
SOFTMAX_CASES = {
    "softmax": lambda h, t, **where: losses.softmax_loss(h[0], t, IDS[0], 2, **where).sum()
} | {
    f"block_softmax-{name}": functools.partial(
        lambda h, t, mask, **where: losses.block_softmax_loss(h, t, IDS, mask, 2, **where),
        mask=mask,
    )
    for name, mask in MASKS.items()
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOFTMAX_CASES)
def test_a_softmax_over_the_rows_of_all_devices_is_that_of_the_whole_table(name):
    """The last two of twelve rows are no words, and a device has one word less than others."""
    loss, hidden, words = SOFTMAX_CASES[name], HIDDEN, WORDS
    mesh = mesh_of("vocab")
    is_word = np.arange(12) < 10

    def cut(hidden, words, is_word):
        return loss(hidden, words, is_word=is_word, rows_axis_name="vocab")

    specs = (P(), P("vocab"), P("vocab"))
    found = over_devices(cut, mesh, specs, P())(hidden, words, is_word)
    np.testing.assert_allclose(found, jax.jit(loss)(hidden, words[:10]), rtol=1e-6)
    gradients = over_devices(jax.grad(cut, (0, 1)), mesh, specs, (P(), P("vocab")))(
        hidden, words, is_word
    )
    expected = gradients_of(loss, (hidden, words[:10]))
    np.testing.assert_allclose(gradients[0], expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradients[1][:10], expected[1], rtol=1e-5, atol=1e-6)
    assert not np.asarray(gradients[1][10:]).any()
    unchecked = jax.pmap(
        jax.grad(cut, (0, 1)), "vocab", in_axes=(None, 0, 0), devices=jax.devices()[:DEVICES]
    )(hidden, words.reshape(DEVICES, 3, -1), is_word.reshape(DEVICES, 3))
    for found in unchecked[0]:
        np.testing.assert_allclose(found, expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        np.concatenate(list(unchecked[1]))[:10], expected[1], rtol=1e-5, atol=1e-6
    )
