"""Windows and blocks, against their definitions."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from jax.experimental import checkify
from scipy import stats

from jaxw2v import InputError
from jaxw2v.sampling import (
    ContextBounds,
    check_ids,
    compact,
    context_bounds,
    cut_into_blocks,
    effective_windows,
    expected_mask,
    finite_table_counts,
    keep_probability,
    keep_threshold,
    noise_distribution,
    noise_probability,
    percentile_threshold,
    positive_mask,
    random_bits,
    random_integers,
    subsample_pairs,
)

LEVEL = 1e-3


@pytest.mark.parametrize(
    ("side", "full"), list(itertools.product(["both", "left", "right"], [False, True]))
)
def test_bounds_are_the_definition(side, full):
    rng = np.random.default_rng(3)
    windows = rng.integers(1, 4, (6, 14))
    sentence_ids = np.sort(rng.integers(0, 3, (6, 14)), axis=1)
    is_center = rng.random((6, 14)) < 0.8
    bounds = context_bounds(*map(jnp.asarray, (windows, sentence_ids, is_center)), side, full)
    expected = np.zeros((6, 14, 14), bool)
    for b, i in np.argwhere(is_center):
        places = oracles.contexts_of(i, windows[b, i], sentence_ids[b], side, full)
        expected[b, places, i] = True
    assert np.array_equal(positive_mask(bounds), expected)
    assert expected.any()


@pytest.mark.parametrize("side", ["both", "left", "right"])
@pytest.mark.parametrize("window", [1, 2, 5])
def test_expected_pairs_are_the_mean_over_all_windows(side, window):
    rng = np.random.default_rng(4)
    sentence_ids = jnp.asarray(np.sort(rng.integers(0, 3, (6, 14)), axis=1))
    is_center = jnp.asarray(rng.random((6, 14)) < 0.8)

    def bounds(radius):
        return context_bounds(jnp.full((6, 14), radius), sentence_ids, is_center, side)

    drawn = [positive_mask(bounds(radius)) for radius in range(1, window + 1)]
    expected = np.mean(drawn, axis=0)
    found = expected_mask(bounds(window), window)
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    backwards = found[:, ::-1].cumsum(1)[:, -1]
    np.testing.assert_array_equal(found.cumsum(1)[:, -1], backwards)
    assert len(set(expected.ravel().tolist())) == window + 1


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 2])
@pytest.mark.parametrize("share", [0.6, 1.0])
def test_blocks_whose_edges_are_moved_hold_the_same_tokens(share, overlap):
    rng = np.random.default_rng(5)
    length, size = 6, 48
    stride = length - overlap
    ids = jnp.arange(size, dtype=jnp.int32)
    sentences = np.sort(rng.integers(0, 2, size)).astype(np.int32)
    keep = jnp.asarray(rng.random(size) < share)
    kept = np.flatnonzero(keep).tolist()
    edges = set()
    cut = jax.jit(cut_into_blocks, static_argnums=(3, 4))
    positive = jax.jit(lambda *blocks: positive_mask(context_bounds(*blocks)))
    for offset in range(stride):
        blocks = jax.tree.map(np.asarray, cut(keep, ids, sentences, length, overlap, offset))
        centers = blocks.ids[blocks.is_center]
        assert sorted(centers.tolist()) == kept
        in_use = blocks.is_center.any(axis=1)
        assert in_use.sum() == blocks.count
        assert in_use[: int(blocks.count)].all()
        windows = np.full(blocks.ids.shape, 3)
        mask = positive(windows, blocks.sentence_ids, blocks.is_center)
        for block, context, center in np.argwhere(mask):
            first, second = blocks.ids[block, [context, center]].tolist()
            # What was moved to the front pairs with nothing there.
            assert first >= 0
            assert abs(kept.index(first) - kept.index(second)) <= 3
            assert sentences[first] == sentences[second]
        edges.add(tuple(blocks.ids[:, 0].tolist()))
    assert len(edges) == stride


def test_a_fixed_window_is_always_the_largest():
    assert effective_windows(jax.random.key(0), (3,), 4, "fixed").tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_windows(jax.random.key(0), (3,), 0), "window is 0"),
        (lambda: effective_windows(jax.random.key(0), (3,), 2, "wide"), "sampling is 'wide'"),
        (lambda: context_bounds(*[jnp.ones(3, jnp.int32)] * 3, "up"), "side is 'up'"),
        (
            lambda: context_bounds(jnp.ones(2), jnp.ones(3), jnp.ones(3)),
            r"effective_window \(2,\), sentence_ids \(3,\)",
        ),
        (
            lambda: cut_into_blocks(*[jnp.ones(8, jnp.int32)] * 3, 4, 3),
            "overlap is 3; it must be even",
        ),
        (lambda: cut_into_blocks(*[jnp.ones(8, jnp.int32)] * 3, 4, 4), "overlap is 4"),
        (lambda: finite_table_counts(np.ones(2), 1.0, 0), "length is 0"),
        (lambda: compact(jnp.ones(2, bool), jnp.ones(3), 0), r"keep \(2,\) and values \(3,\)"),
        (lambda: positive_mask(ContextBounds(jnp.ones(2), jnp.ones(3))), r"first \(2,\)"),
        (
            lambda: subsample_pairs(jax.random.key(0), jnp.ones((1, 2), int), jnp.ones(2)),
            r"ids \(1, 2\) must have one axis",
        ),
        (lambda: random_integers(jax.random.key(0), (2,), 0), "bound is 0"),
        (
            lambda: random_bits(jax.random.split(jax.random.key(0)), (2,)),
            "key must be one key",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 2, 4, 6])
def test_every_kept_token_is_a_center_once_and_its_neighbors_are_there(overlap):
    rng = np.random.default_rng(overlap)
    stride = 8 - overlap
    ids = rng.integers(0, 50, 12 * stride)
    keep = rng.random(ids.size) < 0.7
    blocks = cut_into_blocks(
        jnp.asarray(keep), jnp.asarray(ids), jnp.zeros(ids.size, jnp.int32), 8, overlap
    )
    center = np.asarray(blocks.is_center)
    kept = ids[keep]
    assert np.array_equal(np.asarray(blocks.ids)[center], kept)
    assert int(blocks.count) == center.any(axis=1).sum()
    reach = overlap // 2
    padded = np.pad(kept, 8, constant_values=-1)
    seen = 0
    for row, places in zip(np.asarray(blocks.ids), center, strict=True):
        for place in np.flatnonzero(places):
            around = padded[8 + seen - reach : 8 + seen + reach + 1]
            assert np.array_equal(row[place - reach : place + reach + 1], around)
            seen += 1
    assert np.array_equal(np.asarray(blocks.sentence_ids) >= 0, np.asarray(blocks.ids) >= 0)


def test_the_percentile_formula_is_the_blogs():
    counts = np.array([1000, 100, 30, 10, 5])
    threshold = percentile_threshold(counts, 75)
    assert threshold == 100 / 1145
    share = counts / counts.sum()
    discard = 1 - np.sqrt(threshold / (share + threshold))
    np.testing.assert_allclose(keep_probability(counts, threshold, "percentile"), 1 - discard)
    assert keep_probability(counts, 0.1, "none").tolist() == [1] * 5
    with pytest.raises(InputError, match="at least one word"):
        percentile_threshold(np.zeros(0, int), 50)


@pytest.mark.slow
def test_pairs_are_dropped_by_center_and_by_context():
    probability = np.array([0.3, 0.8, 1.0])
    ids = jnp.array([0, 1, 2, -1])
    keys = jax.random.split(jax.random.key(0), 20_000)
    kept = np.asarray(
        jax.vmap(subsample_pairs, (0, None, None))(
            keys, ids, jnp.asarray(keep_threshold(probability))
        )
    )
    assert not kept[:, 3].any()
    assert not kept[:, :, 3].any()
    for context, center in itertools.product(range(3), range(3)):
        expected = probability[context] * probability[center]
        found = int(kept[:, context, center].sum())
        assert stats.binomtest(found, len(keys), expected).pvalue > LEVEL
    # The contexts of one center are dropped independently, given the center.
    both = int((kept[:, 0, 2] & kept[:, 1, 2]).sum())
    assert stats.binomtest(both, len(keys), 0.3 * 0.8).pvalue > LEVEL


def test_a_finite_table_gives_every_word_an_entry():
    counts = np.array([1_000_000, 1000, 10, 1])
    entries = finite_table_counts(counts, 0.75, 100)
    assert entries.tolist() == [99, 1, 1, 1]
    expected = entries / entries.sum()
    np.testing.assert_allclose(noise_probability(noise_distribution(entries, 1.0)), expected)


def test_ids_outside_the_vocabulary_are_found_where_that_is_asked_for():
    def lookup(ids):
        return jnp.arange(3.0)[check_ids(ids, 3)]

    checked = checkify.checkify(jax.jit(lookup))
    assert checked(jnp.array([[0, 2], [-1, 1]]))[0].get() is None
    for bad in ([1, 3], [-2, 0]):
        with pytest.raises(checkify.JaxRuntimeError, match="the vocabulary has 3 words"):
            checked(jnp.array(bad))[0].throw()
    # Without checkify nothing is checked, and JAX's own rules hold.
    assert jax.jit(lookup)(jnp.array([7])).tolist() == [2.0]
