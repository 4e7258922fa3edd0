"""A step of every objective is the gradient of its pairs."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import oracles
import pytest
from objective_cases import ALONE, CASES, COUNTS, B, D, K, L, V, W, name

from jaxw2v import Config
from jaxw2v.losses import hierarchical_softmax_loss, huffman_tree, negative_sampling_loss
from jaxw2v.sampling import context_bounds, keep_threshold, subsample_pairs
from jaxw2v.training.objectives import LayerConstants, huffman_softmax, make_objective
from jaxw2v.training.objectives.windows import DrawnWindows, ExpectedWindows, Windows
from jaxw2v.training.step.batch import WordArrays
from jaxw2v.training.step.settings import StepSettings
from jaxw2v.training.step.state import state_of_tables
from jaxw2v.training.step.step import Blocks, blocks_loss, train_step

USED = 3
HALF = jnp.asarray(keep_threshold(np.linspace(0.5, 0.9, V)))


def make_blocks(config, objective, constants, side, full, by_pair):
    rng = np.random.default_rng(0)
    valid = np.ones((B, L), bool)
    valid[2, 5:] = False
    valid[USED:] = False
    by_weight = not objective.windows.draws
    windows = np.full((B, L), W) if by_weight else rng.integers(1, W + 1, (B, L))
    sentence_ids = np.where(valid, np.sort(rng.integers(0, 3, (B, L)), axis=1), -1)
    draws = objective.output_layer.draw(jax.random.key(0), constants, jnp.arange(B))
    ids = jnp.asarray(np.where(valid, rng.integers(0, V, (B, L)), -1), jnp.int32)
    keys = jax.random.split(jax.random.key(9), B) if by_pair else None
    kept = np.ones((B, L, L), bool)
    if by_pair:
        kept = np.stack([subsample_pairs(keys[b], ids[b], HALF) for b in range(B)])
    pairs = [
        (b, i, j)
        for b, i in np.argwhere(valid).tolist()
        for j in oracles.contexts_of(i, windows[b, i], sentence_ids[b], side, full)
        if kept[b, j, i]
    ]
    bounds = context_bounds(*map(jnp.asarray, (windows, sentence_ids, valid)), side, full)
    return Blocks(ids, bounds, draws, keys), pairs


def weight_of(windows, i, j):
    """How many of the windows 1..W of center i hold j, where those are weighted."""
    if not isinstance(windows, ExpectedWindows):
        return 1.0
    return sum(abs(i - j) <= radius for radius in range(1, W + 1)) / W


def oracle_loss(config, windows, blocks, pairs, negatives):
    """From both tables to the summed loss, pair by pair."""
    tree = huffman_tree(COUNTS, (V - 1).bit_length() + 1)

    def of_pair(hidden, outputs, target, b, i, j):
        if config.output_layer == "softmax":
            scores = jnp.dot(outputs, hidden, precision="highest")
            return jax.nn.logsumexp(scores) - scores[target]
        if config.output_layer == "hierarchical_softmax":
            return hierarchical_softmax_loss(
                hidden, outputs[tree.nodes[target]], jnp.asarray(tree.signs[target])
            )
        drawn, share = negatives(b, i, j)
        noise = outputs[drawn]
        positive = negative_sampling_loss(hidden, outputs[target], noise[:0])
        both = negative_sampling_loss(hidden, outputs[target], noise)
        return positive + share * (both - positive)

    def loss(inputs, outputs):
        ids, total = np.asarray(blocks.ids), 0.0
        if config.objective == "skipgram":
            for b, i, j in pairs:
                of_this = of_pair(inputs[ids[b, i]], outputs, ids[b, j], b, i, j)
                total += weight_of(windows, i, j) * of_this
            return total
        for b, i in sorted({(b, i) for b, i, _ in pairs}):
            contexts = np.array([ids[b, j] for b_, i_, j in pairs if (b_, i_) == (b, i)])
            rows = inputs[contexts]
            hidden = rows.mean(0) if config.cbow_combine == "mean" else rows.sum(0)
            total += of_pair(hidden, outputs, ids[b, i], b, i, i)
        return total

    return loss


def negatives_of(config, layer, constants, blocks, pairs):
    """Which negatives each pair sees, and how much each counts."""
    if config.output_layer != "negative_sampling":
        return None
    ids = jnp.maximum(blocks.ids, 0)
    if config.negatives == "shared":
        drawn = np.asarray(layer.row_ids(constants, ids, blocks.draws))[:, L:]
        return lambda b, i, j: (drawn[b], K / drawn.shape[1])
    # Pairs are taken L at a time, in the order of their targets, then of their centers.
    if config.objective == "cbow":
        pairs = {(b, i, i) for b, i, _ in pairs}
    drawn = {}
    for block in range(B):
        of_block = sorted((j, i) for b, i, j in pairs if b == block)
        for rank, (j, i) in enumerate(of_block):
            draws, _ = layer.part(blocks.draws, jnp.ones((B, L, L), bool), rank // L)
            rows = layer.row_ids(constants, ids, draws)[block, L:].reshape(L, K)
            drawn[block, i, j] = np.asarray(rows[rank % L]), 1.0
    return lambda b, i, j: drawn[b, i, j]


WINDOWS = {
    "plain": ("both", False, False, False, DrawnWindows),
    "by pair, expected": ("both", False, True, True, ExpectedWindows),
    "left, expected": ("left", False, True, False, ExpectedWindows),
    "left": ("left", False, False, True, Windows),
    "full right": ("right", True, False, True, DrawnWindows),
}


def pairwise():
    """Each kind of windows meets each objective and each output layer; one meets sums of rows."""
    of_sums, *cases = CASES
    layers = len(cases) // 2
    yield pytest.param(of_sums, *WINDOWS["plain"], id=f"{name(of_sums)}-plain")
    for number, kind in enumerate(WINDOWS):
        for layer in range(layers):
            case = cases[layer + layers * ((number + layer) % 2)]
            yield pytest.param(case, *WINDOWS[kind], id=f"{name(case)}-{kind}")


@pytest.mark.slow
@pytest.mark.parametrize(("case", "side", "full", "by_pair", "dense", "kind"), list(pairwise()))
def test_a_step_is_the_gradient_of_its_pairs(monkeypatch, case, side, full, by_pair, dense, kind):
    # So that so few words have paths below what they share.
    monkeypatch.setattr(huffman_softmax, "SHARED_LEVELS", 2)
    config = Config(window=W, block_length=L, **case)
    objective = make_objective(config)
    if kind is ExpectedWindows:
        # Not every objective weights pairs.
        kind = type(objective.windows)
    objective = objective._replace(windows=kind(W, side, full))
    constants = objective.output_layer.constants(COUNTS)
    blocks, pairs = make_blocks(config, objective, constants, side, full, by_pair)
    rng = np.random.default_rng(1)
    tables = [jnp.asarray(rng.normal(size=(V, D)), jnp.float32) for _ in range(2)]
    settings = StepSettings(objective, optax.sgd(1.0), ALONE, 2, 2, 5, dense)
    start = state_of_tables(*map(oracles.stored, tables), optax.sgd(1.0))
    words = WordArrays(HALF, LayerConstants((), constants))
    state, measured = jax.jit(train_step, static_argnums=6)(
        start, blocks, jnp.int32(USED), words, jnp.float32(0), jnp.asarray(True), settings
    )
    negatives = negatives_of(config, objective.output_layer, constants, blocks, pairs)
    loss = oracle_loss(config, objective.windows, blocks, pairs, negatives)
    expected = jax.grad(loss, (0, 1))(*tables)
    moved = [oracles.by_word(t, V) for t in (state.input_embedding, state.output_embedding)]
    for table, gradient, new in zip(tables, expected, moved, strict=True):
        np.testing.assert_allclose(new, table - gradient, rtol=1e-4, atol=2e-4)
        assert jnp.abs(gradient).max() > 0.1
    whole = jax.jit(blocks_loss, static_argnums=(3, 4))(start, blocks, words, objective, ALONE)
    np.testing.assert_allclose(whole.total, loss(*tables), rtol=1e-4)
    targets = len({p[:2] for p in pairs})
    if config.objective == "skipgram":
        targets = sum(weight_of(objective.windows, i, j) for _, i, j in pairs)
    np.testing.assert_allclose([whole.pairs, measured.formed], targets, rtol=1e-5)
    assert 0 < measured.pairs < targets
