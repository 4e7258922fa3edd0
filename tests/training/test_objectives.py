"""Every objective: a step is the gradient of the losses of its pairs, one by one."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import oracles
import pytest

from jaxw2v import Config
from jaxw2v.devices.shards import Shards
from jaxw2v.losses import hierarchical_softmax_loss, huffman_tree, negative_sampling_loss
from jaxw2v.sampling import context_bounds, keep_threshold, subsample_pairs
from jaxw2v.training.objectives import make_objective
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.setup.wrappers import keep_row_norm
from jaxw2v.training.step.batch import Chunk, ChunkInputs, WordArrays
from jaxw2v.training.step.chunk import make_evaluate_chunk, make_train_chunk
from jaxw2v.training.step.state import init_state, initial_state
from jaxw2v.training.step.step import Blocks, StepSettings, blocks_loss, train_step

V, D, B, L, W, K = 12, 4, 4, 8, 3, 2
USED = 3
COUNTS = np.arange(1, V + 1)[::-1] * 10
ALWAYS = jnp.full(V, 2**32 - 1, jnp.uint32)
ALONE = Shards(V)
HALF = jnp.asarray(keep_threshold(np.linspace(0.5, 0.9, V)))
CASES = [
    {"objective": "cbow", "cbow_combine": "sum", "num_negatives": K, "negatives_per_block": 5},
    *[
        {"objective": objective, "output_layer": layer, **more}
        for objective, (layer, more) in itertools.product(
            ("skipgram", "cbow"),
            (
                ("negative_sampling", {"num_negatives": K, "negatives_per_block": 5}),
                ("negative_sampling", {"num_negatives": K, "negatives": "fresh"}),
                ("softmax", {}),
                ("hierarchical_softmax", {}),
            ),
        )
    ],
]


def name(case):
    return "-".join(str(value) for value in case.values())


def make_blocks(config, objective, constants, side, full, by_pair):
    rng = np.random.default_rng(0)
    valid = np.ones((B, L), bool)
    valid[2, 5:] = False
    valid[USED:] = False
    by_weight = objective.expected_window is not None
    windows = np.full((B, L), W) if by_weight else rng.integers(1, W + 1, (B, L))
    sentence_ids = np.where(valid, np.sort(rng.integers(0, 3, (B, L)), axis=1), -1)
    draws = objective.output_layer.draw(jax.random.key(0), constants, jnp.arange(B))
    ids = jnp.asarray(np.where(valid, rng.integers(0, V, (B, L)), -1), jnp.int32)
    bounds = context_bounds(*map(jnp.asarray, (windows, sentence_ids, valid)), side, full)
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
    return Blocks(ids, bounds, draws, keys), pairs


def weight_of(config, i, j):
    """How many of the windows 1..W of center i hold j, where those are not drawn."""
    drawn = config.window_sampling == "fixed" or config.negatives == "fresh"
    if drawn or config.require_full_window:
        return 1.0
    return sum(abs(i - j) <= radius for radius in range(1, W + 1)) / W


def oracle_loss(config, blocks, pairs, negatives):
    """From both tables to the summed loss, pair by pair."""
    tree = huffman_tree(COUNTS)

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
                total += weight_of(config, i, j) * of_this
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


@pytest.mark.parametrize(
    ("side", "full", "by_pair", "dense"),
    [
        ("both", False, False, False),
        ("both", False, True, True),
        ("left", False, True, False),
        ("right", True, False, True),
    ],
    ids=["plain", "by pair", "left", "full right"],
)
@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "expected"])
@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_step_is_the_gradient_of_its_pairs(case, drawn, side, full, by_pair, dense):
    sampling = "fixed" if drawn or full else "dynamic"
    config = Config(window=W, block_length=L, context_side=side, window_sampling=sampling, **case)
    objective = make_objective(config)
    constants = objective.output_layer.constants(COUNTS)
    blocks, pairs = make_blocks(config, objective, constants, side, full, by_pair)
    rng = np.random.default_rng(1)
    tables = [jnp.asarray(rng.normal(size=(V, D)), jnp.float32) for _ in range(2)]
    state, measured = train_step(
        init_state(*map(oracles.stored, tables), optax.sgd(1.0)),
        blocks,
        jnp.int32(USED),
        WordArrays(HALF, constants),
        jnp.float32(0),
        jnp.asarray(True),
        StepSettings(objective, optax.sgd(1.0), ALONE, 2, 5, dense),
    )
    negatives = negatives_of(config, objective.output_layer, constants, blocks, pairs)
    loss = oracle_loss(config, blocks, pairs, negatives)
    expected = jax.grad(loss, (0, 1))(*tables)
    moved = [oracles.by_word(t, V) for t in (state.input_embedding, state.output_embedding)]
    for table, gradient, new in zip(tables, expected, moved, strict=True):
        np.testing.assert_allclose(new, table - gradient, rtol=1e-4, atol=2e-4)
        assert jnp.abs(gradient).max() > 0.1
    start = init_state(*map(oracles.stored, tables), optax.sgd(1.0))
    whole = blocks_loss(start, blocks, WordArrays(HALF, constants), objective, ALONE)
    np.testing.assert_allclose(whole.total, loss(*tables), rtol=1e-4)
    targets = len({p[:2] for p in pairs})
    if config.objective == "skipgram":
        targets = sum(weight_of(config, i, j) for _, i, j in pairs)
    np.testing.assert_allclose([whole.pairs, measured.formed], targets, rtol=1e-5)
    assert 0 < measured.pairs < targets


def test_fresh_negatives_differ_from_pair_to_pair():
    config = Config(negatives="fresh", block_length=L, num_negatives=3)
    layer = make_objective(config).output_layer
    constants, ids = layer.constants(COUNTS), jnp.zeros((50, L), jnp.int32)
    draws = layer.draw(jax.random.key(0), constants, jnp.arange(50))
    rows = []
    for number in range(2):
        of_part, _ = layer.part(draws, jnp.ones((50, L, L), bool), number)
        rows.append(np.asarray(layer.row_ids(constants, ids, of_part))[:, L:].reshape(50, L, 3))
    rows = np.concatenate(rows, axis=1)
    expected = COUNTS**0.75 / (COUNTS**0.75).sum()
    found = np.bincount(rows.ravel(), minlength=V) / rows.size
    np.testing.assert_allclose(found, expected, atol=0.015)
    # Pairs of a block, of two parts too, and neighboring blocks share no draws.
    for first, second in (
        (rows[:, 1:], rows[:, :-1]),
        (rows[:, L:], rows[:, :L]),
        (rows[1:], rows[:-1]),
    ):
        assert (first == second).all(axis=-1).mean() < 2 * (expected**2).sum() ** 3


def test_parts_of_fresh_negatives_hold_every_pair_once():
    layer = make_objective(Config(negatives="fresh", block_length=L)).output_layer
    targets = jax.random.bernoulli(jax.random.key(0), 0.4, (B, L, L))
    most = int(targets.sum((1, 2)).max())
    keys = jax.random.split(jax.random.key(1), B)
    assert layer.parts(targets) == -(-most // L)
    parts = [layer.part(keys, targets, n)[1] for n in range(int(layer.parts(targets)))]
    assert all((part.sum((1, 2)) <= L).all() for part in parts)
    assert np.array_equal(sum(part.astype(int) for part in parts), targets)
    assert layer.parts(jnp.zeros((B, L, L), bool)) == 0


def make(**settings):
    job = make_job(Config(embedding_dim=D, **settings), COUNTS, optax.adam(0.1), on_cpu=True)
    return job, initial_state(job)


@pytest.mark.parametrize(
    "settings",
    [{}, {"subsample_formula": "percentile"}, *CASES],
    ids=["default", "percentile", *map(name, CASES)],
)
def test_the_training_program_lowers_for_every_platform(settings):
    job, state = make(**settings)
    train_chunk = jax.jit(make_train_chunk(job, ALONE))
    tokens = jax.ShapeDtypeStruct((job.plan.chunk_tokens,), jnp.int32)
    inputs = ChunkInputs(
        Chunk(tokens, tokens),
        WordArrays(ALWAYS, job.constants),
        jax.random.key(0),
        jnp.zeros(2, jnp.int32),
        jnp.zeros(2),
    )
    exported = jax.export.export(train_chunk, platforms=("cpu", "cuda", "tpu"))(state, inputs)
    assert exported.platforms == ("cpu", "cuda", "tpu")


def test_percentile_subsampling_drops_pairs_not_tokens():
    job, state = make(
        subsample_formula="percentile", window=1, window_sampling="fixed", block_overlap=2
    )
    rng = np.random.default_rng(0)
    ids = rng.integers(0, V, job.plan.chunk_tokens).astype(np.int32)
    probability = np.linspace(0.2, 0.9, V)
    chunk = Chunk(jnp.asarray(ids), jnp.zeros(ids.size, jnp.int32))
    evaluate = jax.jit(make_evaluate_chunk(job, ALONE))
    words, key = WordArrays(keep_threshold(probability), job.constants), jax.random.key(0)
    inputs = [ChunkInputs(chunk, words, key, jnp.array([0, k]), jnp.zeros(2)) for k in range(20)]
    pairs = [float(evaluate(state, each).pairs) for each in inputs]
    # A pair of neighbors in the text is kept with both chances; none is further apart.
    chances = probability[ids]
    expected = 2 * (chances[1:] * chances[:-1]).sum()
    assert abs(np.mean(pairs) / expected - 1) < 0.03


def test_max_norm_holds_for_the_rows_of_both_tables():
    limit = keep_row_norm(optax.identity(), 0.5)
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3)), jnp.float32) * 0.2
    update = jnp.asarray(np.random.default_rng(1).normal(size=(6, 3)), jnp.float32) * 0.3
    moved = optax.apply_updates(rows, limit.update(update, limit.init(rows), rows)[0])
    norm = np.linalg.norm(rows + update, axis=1)
    assert (norm > 0.5).any()
    assert (norm < 0.5).any()
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), np.minimum(norm, 0.5), rtol=1e-5)
    short = norm < 0.5
    np.testing.assert_allclose(moved[short], (rows + update)[short], rtol=1e-5)
