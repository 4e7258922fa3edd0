"""The tricks by their definitions, and what is made of the runs."""

import jax.numpy as jnp
import numpy as np

import jaxw2v
from experiments.cheap_tricks.all_but_the_top import all_but_the_top
from experiments.cheap_tricks.run import WEIGHTED, table
from experiments.cheap_tricks.weights import OneOverDistance, PositionWeights
from jaxw2v.corpus import Vocabulary
from jaxw2v.sampling import ContextBounds
from jaxw2v.training.objectives import make_objective


def test_all_but_the_top_leaves_nothing_along_the_first_components():
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(50, 6)) * [9, 5, 1, 1, 1, 1] + 3).astype(np.float32)
    words = Vocabulary(tuple(f"w{i}" for i in range(50)), [1] * 50)
    found = all_but_the_top(jaxw2v.WordVectors(words, vectors), 2).vectors
    centered = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centered, full_matrices=False)
    np.testing.assert_allclose(found @ directions[:2].T, 0, atol=1e-4)
    others = directions[2:].T
    np.testing.assert_allclose(found @ others, centered @ others, atol=1e-4)


def test_pairs_count_by_one_over_their_distance():
    bounds = ContextBounds(jnp.array([[0, 0, 0, 3]]), jnp.array([[2, 2, 2, 3]]))
    expected = [[0, 1, 0.5, 0], [1, 0, 1, 0], [0.5, 1, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(OneOverDistance(2).pairs(bounds)[0], expected)


def test_each_context_is_multiplied_by_the_vector_of_its_position():
    rng = np.random.default_rng(0)
    window, length, dim = 2, 5, 3
    layer = PositionWeights(window)
    constants = layer.constants(np.ones(20))
    ids = jnp.array([[7, 3, 1, 0, 4]])
    read = layer.row_ids(constants, ids)
    assert read.tolist() == [[7, 3, 1, 0, 4, 16, 17, 18, 19]]
    assert layer.rows_per_block(length, constants) == read.shape[1]
    rows = rng.normal(size=(1, 9, dim))
    near = np.abs(np.subtract.outer(range(length), range(length)))
    pairs = (near > 0) & (near <= window)
    pairs[4] = pairs[:, 4] = False
    found = layer.hidden(constants, ids, jnp.asarray(rows, jnp.float32), jnp.asarray(pairs[None]))
    expected = np.zeros((length, dim))
    for center in range(length):
        contexts = np.flatnonzero(pairs[:, center])
        for context in contexts:
            number = {-2: 5, -1: 6, 1: 7, 2: 8}[int(context - center)]
            expected[center] += (1 + rows[0, number]) * rows[0, context] / len(contexts)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-6)


def test_the_defaults_come_first():
    own = make_objective(jaxw2v.Config())
    assert WEIGHTED["skip-gram"](own) is own
    assert WEIGHTED["cbow, position weights"](own).input_layer == PositionWeights(5)


def test_a_gain_is_given_seed_by_seed():
    def record(trained, trick, seed, score):
        return {"trained": trained, "trick": trick, "seed": seed, "scores": {"ws353": score}}

    results = {
        "cbow": [record("cbow", "", 1, 0.5), record("cbow", "", 2, 0.6)],
        "cbow, 1/distance": [
            record("cbow, 1/distance", "", 1, 0.6),
            record("cbow, 1/distance", "", 2, 0.59),
        ],
    }
    assert "| cbow, 1/distance |  | 0.595 (-0.010 to +0.100) |" in table(results)
