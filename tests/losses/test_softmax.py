"""Losses of exact and hierarchical softmax against slow versions."""

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from jax.test_util import check_grads
from softmax_sizes import D, L, V

from jaxw2v.losses import (
    bag_of_contexts,
    block_hierarchical_softmax_gradients,
    block_hierarchical_softmax_loss,
    block_negative_sampling_gradients,
    block_negative_sampling_loss,
    block_softmax_loss,
    hierarchical_softmax_loss,
    huffman_tree,
    log_partition,
    negative_sampling_loss,
    softmax_loss,
)


def sum_over_pairs(mask, loss):
    """Sums loss(b, hidden place, target place) over a target mask of either form."""
    mask = np.asarray(mask)
    if mask.ndim == 2:
        return sum(loss(b, i, i) for b, i in np.argwhere(mask))
    return sum(loss(b, i, j) for b, j, i in np.argwhere(mask))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [1, 4, 11, 100])
def test_softmax_is_cross_entropy_over_the_vocabulary(rng, chunk):
    hidden, table = rng.normal(size=(7, D)) * 3, rng.normal(size=(V, D))
    targets = rng.integers(0, V, 7)
    expected = [oracles.softmax_loss(h, table, t) for h, t in zip(hidden, targets, strict=True)]
    arguments = jnp.asarray(hidden, jnp.float32), jnp.asarray(table, jnp.float32)
    targets = jnp.asarray(targets)
    found = jax.jit(softmax_loss, static_argnums=3)(*arguments, targets, chunk)
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    def plain(hidden, table):
        scores = jnp.dot(hidden, table.T, precision="highest")
        return -jax.nn.log_softmax(scores)[jnp.arange(7), targets].sum()

    losses = (lambda *a: softmax_loss(*a, targets, chunk).sum()), plain
    gradients = (jax.jit(jax.grad(loss, (0, 1)))(*arguments) for loss in losses)
    for mine, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_the_one_hot_model_is_the_same(rng):
    """One-hot in, a dense layer, softmax out, cross-entropy: as the Q&A threads have it."""
    weights = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    outputs = jnp.asarray(rng.normal(size=(V, D)), jnp.float32)
    words, targets = jnp.array([1, 4]), jnp.array([2, 3])
    hidden = jnp.dot(jax.nn.one_hot(words, V), weights, precision="highest")
    probability = jax.nn.softmax(jnp.dot(hidden, outputs.T, precision="highest"))
    expected = -(jax.nn.one_hot(targets, V) * jnp.log(probability)).sum(1)
    np.testing.assert_allclose(softmax_loss(weights[words], outputs, targets), expected, rtol=1e-5)


def test_memory_of_exact_softmax_does_not_grow_with_pairs_times_words():
    shapes = [jax.ShapeDtypeStruct((n, 16), jnp.float32) for n in (512, 65_536)]
    targets = jax.ShapeDtypeStruct((512,), jnp.int32)
    gradient = jax.jit(jax.grad(lambda h, c, t: softmax_loss(h, c, t, 1_024).sum(), (0, 1)))
    memory = gradient.lower(*shapes, targets).compile().memory_analysis()
    assert memory.temp_size_in_bytes < 512 * 65_536 * 4 / 4


@pytest.mark.slow
@pytest.mark.parametrize("own", [False, True])
def test_block_losses_sum_over_their_pairs(block, own):
    hidden, table, ids, mask = block
    mask = mask.any(axis=1) if own else mask
    expected = sum_over_pairs(
        mask, lambda b, i, j: oracles.softmax_loss(hidden[b, i], table, int(ids[b, j]))
    )
    found = jax.jit(block_softmax_loss, static_argnums=4)(hidden, table, ids, mask, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    tree = huffman_tree(np.arange(1, V + 1))
    nodes, signs = table[tree.nodes[ids]], jnp.asarray(tree.signs[ids])
    expected = sum_over_pairs(
        mask,
        lambda b, i, j: float(hierarchical_softmax_loss(hidden[b, i], nodes[b, j], signs[b, j])),
    )
    found = jax.jit(block_hierarchical_softmax_loss)(hidden, nodes, signs, mask)
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    rows = table[jnp.concatenate([ids, ids[:, ::-1][:, :3]], axis=1)]
    expected = sum_over_pairs(
        mask,
        lambda b, i, j: oracles.pair_loss(hidden[b, i], rows[b, j], rows[b, L:]),
    )
    sampled = jax.jit(block_negative_sampling_loss)
    found = sampled(hidden, rows[:, :L], rows[:, L:], mask, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("own", [False, True])
def test_written_out_gradients_are_those_of_autodiff(block, own):
    hidden, table, ids, mask = block
    mask = mask.any(axis=1) if own else mask
    tree = huffman_tree(np.arange(1, V + 1))
    nodes, signs = table[tree.nodes[ids]], jnp.asarray(tree.signs[ids])
    by_autodiff = jax.jit(jax.grad(block_hierarchical_softmax_loss, (0, 1)))
    expected = by_autodiff(hidden, nodes, signs, mask)
    found = jax.jit(block_hierarchical_softmax_gradients)(hidden, nodes, signs, mask)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, expected
    )

    rows = table[jnp.concatenate([ids, ids[:, :3]], axis=1)]

    @jax.jit
    def loss(hidden, rows):
        return block_negative_sampling_loss(hidden, rows[:, :L], rows[:, L:], mask, 2)

    expected = jax.jit(jax.grad(loss, (0, 1)))(hidden, rows)
    found = jax.jit(block_negative_sampling_gradients)(hidden, rows, mask, 2)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, expected
    )
    check_grads(loss, (hidden, rows), order=1, modes=["rev"], rtol=2e-2, atol=2e-2)
    check_grads(
        jax.jit(lambda h, c: block_softmax_loss(h, c, ids, mask, 4)),
        (hidden, table),
        order=1,
        modes=["rev"],
        rtol=2e-2,
        atol=2e-2,
    )
    check_grads(
        jax.jit(lambda h, n: block_hierarchical_softmax_loss(h, n, signs, mask)),
        (hidden, nodes),
        order=1,
        eps=1e-2,
        modes=["rev"],
        rtol=2e-2,
        atol=2e-2,
    )


@pytest.mark.slow
def test_logits_of_ten_thousand_stay_finite(block):
    hidden, table, ids, mask = block
    hidden, table = hidden * 100, table * 100
    tree = huffman_tree(np.arange(1, V + 1))
    signs = jnp.asarray(tree.signs[ids])
    losses = [
        lambda h, c: block_softmax_loss(h, c, ids, mask),
        lambda h, c: block_hierarchical_softmax_loss(h, c[tree.nodes[ids]], signs, mask),
        lambda h, c: block_negative_sampling_loss(h, c[ids], c[ids[:, :2]], mask, 2),
        lambda h, c: negative_sampling_loss(h, c[ids], c[ids][:, :, None]).sum(),
    ]
    assert jnp.abs(jnp.einsum("bid,vd->biv", hidden, table)).max() > 1e4
    for loss in losses:
        value, gradients = jax.jit(jax.value_and_grad(loss, (0, 1)))(hidden, table)
        assert jnp.isfinite(value)
        assert all(jnp.isfinite(g).all() for g in gradients)


@pytest.mark.slow
def test_what_is_masked_contributes_nothing(block):
    hidden, table, ids, mask = block
    tree = huffman_tree(np.arange(1, V + 1))
    signs = jnp.asarray(tree.signs[ids])
    nothing = jnp.zeros_like(mask)
    for mask_of_none in (nothing, nothing.any(axis=1)):
        losses = [
            lambda h, c, m=mask_of_none: block_softmax_loss(h, c, ids, m),
            lambda h, c, m=mask_of_none: block_hierarchical_softmax_loss(
                h, c[tree.nodes[ids]], signs, m
            ),
            lambda h, c, m=mask_of_none: block_negative_sampling_loss(
                h, c[ids], c[ids[:, :2]], m, 2
            ),
        ]
        for loss in losses:
            value, gradients = jax.jit(jax.value_and_grad(loss, (0, 1)))(hidden, table)
            assert value == 0
            assert all((g == 0).all() for g in gradients)
        written = jax.jit(block_negative_sampling_gradients)(
            hidden, table[jnp.concatenate([ids, ids], 1)], mask_of_none, 2
        )
        written += jax.jit(block_hierarchical_softmax_gradients)(
            hidden, table[tree.nodes[ids]], signs, mask_of_none
        )
        assert all((g == 0).all() for g in written)


@pytest.mark.slow
def test_permuting_the_blocks_permutes_nothing_else(block):
    hidden, table, ids, mask = block
    swap = jnp.array([1, 0])
    rows = table[jnp.concatenate([ids, ids[:, :2]], axis=1)]
    gradients = block_negative_sampling_gradients(hidden, rows, mask, 2)
    swapped = block_negative_sampling_gradients(hidden[swap], rows[swap], mask[swap], 2)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a[swap], b, rtol=1e-6), gradients, swapped)
    one = block_softmax_loss(hidden, table, ids, mask)
    two = block_softmax_loss(hidden[swap], table, ids[swap], mask[swap])
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_the_pair_form_is_bce_with_logits_in_the_blogs_layout(rng):
    """A row of logits: the positive first, then the negatives; mean over all of them."""
    u, c, n = (jnp.asarray(rng.normal(size=s), jnp.float32) for s in ((4, D), (4, D), (4, 3, D)))
    outputs = np.concatenate([np.asarray(c)[:, None], np.asarray(n)], axis=1)
    logits = np.einsum("nd,nkd->nk", np.asarray(u), outputs)
    labels = np.zeros((4, 4))
    labels[:, 0] = 1
    bce = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
    found = negative_sampling_loss(u, c, n)
    np.testing.assert_allclose(found.mean() / (1 + 3), bce.mean(), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda h, c, i, m: log_partition(h, c), "output_embedding"),
        (lambda h, c, i, m: log_partition(h[0], c, 0), "chunk is 0"),
        (lambda h, c, i, m: log_partition(h[0], c, 2, m[0, 0]), "is_word"),
        (lambda h, c, i, m: softmax_loss(h[0], c, i[0, :2]), "targets"),
        (lambda h, c, i, m: block_softmax_loss(h, c, i[:, :2], m), "ids"),
        (lambda h, c, i, m: block_softmax_loss(h, c, i, m[:, :2]), "target_mask"),
        (lambda h, c, i, m: bag_of_contexts(h, m[:1]), "positive_mask"),
        (lambda h, c, i, m: bag_of_contexts(h, m, "max"), "combine is 'max'"),
        (lambda h, c, i, m: hierarchical_softmax_loss(h, h, i), "nodes"),
        (lambda h, c, i, m: hierarchical_softmax_loss(h[0, 0], h[0, 0], i[0, 0]), "nodes"),
        (lambda h, c, i, m: huffman_tree(np.ones(1)), "counts has 1 words"),
        (lambda h, c, i, m: block_hierarchical_softmax_loss(c, h, i, m), "hidden"),
        (lambda h, c, i, m: block_hierarchical_softmax_loss(h, h, i, m), "nodes"),
        (
            lambda h, c, i, m: block_hierarchical_softmax_loss(h, h[:, :, None], i, m),
            "signs",
        ),
        (
            lambda h, c, i, m: block_hierarchical_softmax_gradients(
                h, h[:, :, None], i[..., None], m[:1]
            ),
            "target_mask",
        ),
    ],
)
def test_shapes_that_do_not_belong_together_are_refused_by_name(block, call, message):
    with pytest.raises(ValueError, match=message):
        call(*block)
