"""An objective of one's own, GloVe's, without a change to the package.

GloVe (Pennington et al. 2014) minimises, over the distinct pairs of a text,

    sum_ij f(X_ij) (u_i . c_j - log X_ij)^2,  f(x) = min(1, (x / x_max)^0.75),

where X_ij counts how often i and j stand together, each time by one over their distance (its biases
are left out here). A pair that is met in the text counts by f(X_ij) / X_ij over its distance, so
that an epoch meets it with f(X_ij) in all.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from zipf import zipf_sentences

import jaxw2v
from jaxw2v import Config, InputError
from jaxw2v.training import (
    InputLayer,
    Objective,
    OutputLayer,
    Windows,
    initial_state,
    make_job,
    make_objective,
    storage_row,
)
from jaxw2v.training.objectives.own_objective import check_settings, describe

pytestmark = pytest.mark.usefixtures("optax_promotes")

W = 3
CONFIG = Config(
    embedding_dim=12,
    window=W,
    min_count=1,
    subsample_threshold=0.0,
    block_overlap=2 * W,
    tokens_per_step=512,
    epochs=12,
)


@dataclasses.dataclass(frozen=True)
class OneOverDistance(Windows):
    """A pair counts by one over its distance."""

    def pairs(self, bounds):
        mask = super().pairs(bounds)
        index = jnp.arange(mask.shape[1])
        distance = jnp.abs(index[:, None] - index[None, :])[None]
        return jnp.where(mask, 1 / jnp.maximum(distance, 1), 0.0)


@dataclasses.dataclass(frozen=True)
class Glove(OutputLayer):
    """Squared distance of scores to the logarithms of counts, which the user has made before."""

    together: tuple

    def constants(self, counts):
        together = np.array(self.together, np.float32)
        seen = np.maximum(together, 1e-9)
        weight = np.where(together > 0, np.minimum(1, (together / 50) ** 0.75) / seen, 0)
        return {"log": jnp.log(seen), "weight": jnp.asarray(weight)}

    def rows_per_block(self, block_length, constants):
        return block_length

    def row_ids(self, constants, ids, draws):
        return ids

    def loss(self, constants, ids, hidden, rows, target_mask):
        scores = jnp.einsum("bjd,bid->bji", rows, hidden, precision="highest")
        pair = ids[:, :, None], ids[:, None, :]
        weight = target_mask * constants["weight"][pair]
        return (weight * (scores - constants["log"][pair]) ** 2).sum()


@dataclasses.dataclass(frozen=True)
class HalfOfTheNext(InputLayer):
    """Two rows a word, weighted: its own, and half of that of the next word of the vocabulary."""

    size: int

    def rows_per_block(self, block_length, constants):
        return 2 * block_length

    def row_ids(self, constants, ids):
        return jnp.concatenate([ids, (ids + 1) % self.size], axis=-1)

    def hidden(self, constants, ids, rows, pairs):
        length = ids.shape[1]
        return rows[:, :length] + 0.5 * rows[:, length:]

    def targets(self, pairs):
        return pairs


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(60, 15, 400)


@pytest.fixture(scope="module")
def together(sentences):
    """X, by the ids that the vocabulary gives."""
    config = dataclasses.replace(CONFIG, epochs=1)
    ids_of = jaxw2v.train(sentences, config, show_progress=False).vocabulary.ids
    x = np.zeros((len(ids_of), len(ids_of)))
    for sentence in sentences:
        ids = [ids_of[word] for word in sentence]
        for i, center in enumerate(ids):
            for j in range(max(0, i - W), min(len(ids), i + W + 1)):
                if j != i:
                    x[ids[j], center] += 1 / abs(i - j)
    return x


def glove_loss(scores, x):
    """By its definition, over distinct pairs."""
    seen = x > 0
    return (np.minimum(1, x[seen] / 50) ** 0.75 * (scores[seen] - np.log(x[seen])) ** 2).sum()


def scores_of(wv):
    return wv.output_vectors.astype(np.float64) @ wv.vectors.astype(np.float64).T


@pytest.mark.slow
def test_glove_is_trained_without_a_change_to_the_package(sentences, together, tmp_path):
    skip_gram = make_job(CONFIG, np.ones(2)).objective.input_layer
    own = Objective(skip_gram, Glove(tuple(map(tuple, together.tolist()))), OneOverDistance(W))
    run = {"show_progress": False, "objective": own, "optimizer": optax.adam(0.02)}
    one = jaxw2v.train(sentences, dataclasses.replace(CONFIG, epochs=1), **run)
    wv = jaxw2v.train(sentences, CONFIG, out=tmp_path / "run", **run)
    losses = [
        glove_loss(scores, together) for scores in (0 * together, scores_of(one), scores_of(wv))
    ]
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < 0.1 * losses[0]
    longer = dataclasses.replace(CONFIG, epochs=13)
    wv = jaxw2v.train(sentences, longer, out=tmp_path / "run", resume=True, **run)
    assert glove_loss(scores_of(wv), together) < 1.1 * losses[2]
    again = jaxw2v.load_vectors(tmp_path / "run", "last")
    np.testing.assert_array_equal(again.output_vectors, wv.output_vectors)
    with pytest.raises(InputError, match="own_objective is True there and False here"):
        jaxw2v.train(sentences, longer, out=tmp_path / "run", resume=True, show_progress=False)
    other = run | {"objective": own._replace(windows=Windows(W))}
    with pytest.raises(InputError, match=r"layers is 'SkipGram, Glove, OneOverDistance \(\w+\)' "):
        jaxw2v.train(sentences, longer, out=tmp_path / "run", resume=True, **other)
    with pytest.raises(InputError, match=r"run: was trained with an objective of the user's own"):
        jaxw2v.train(sentences, longer, continue_from=tmp_path / "run", show_progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("mesh", [pytest.param("1x1", marks=pytest.mark.lengthy), "2x2"])
def test_several_weighted_rows_a_word(sentences, together, mesh):
    """Two steps over the whole text are two steps down the loss of the definition."""
    size, rate = len(together), 1e-3
    own = Objective(HalfOfTheNext(size), Glove(tuple(map(tuple, together.tolist()))))
    own = own._replace(windows=OneOverDistance(W))
    config = dataclasses.replace(CONFIG, epochs=2, tokens_per_step=8192)
    run = {"objective": own, "optimizer": optax.sgd(rate), "mesh": mesh, "show_progress": False}
    wv = jaxw2v.train(sentences, config, **run)

    def loss(tables):
        inputs, outputs = tables
        scores = outputs @ (inputs + 0.5 * jnp.roll(inputs, -1, axis=0)).T
        seen = jnp.asarray(together > 0)
        target = jnp.log(jnp.where(seen, together, 1.0))
        weight = jnp.where(seen, jnp.minimum(1, together / 50) ** 0.75, 0.0)
        return (weight * (scores - target) ** 2).sum()

    counts = wv.counts
    start = initial_state(make_job(config, counts, optax.sgd(rate)))
    rows = storage_row(np.arange(size), size)
    tables = [start.input_embedding[rows], start.output_embedding[rows]]
    for _ in range(2):
        gradients = jax.grad(loss)(tables)
        tables = [t - rate * g for t, g in zip(tables, gradients, strict=True)]
    before = np.asarray(start.input_embedding[rows]), np.zeros((size, 12), np.float32)
    for table, expected, old in zip(
        (wv.vectors[:size], wv.output_vectors[:size]), tables, before, strict=True
    ):
        moved = np.asarray(expected) - old
        # Up to a block's tokens lie across the edge of the chunk and lose a few pairs.
        np.testing.assert_allclose(table - old, moved, rtol=0, atol=3e-3 * np.abs(moved).max())
        assert np.abs(moved).max() > 1e-4


def test_the_objective_of_a_job_says_what_its_settings_say():
    config = Config(num_negatives=9, min_count=1)
    job = make_job(config, np.array([20, 10]), on_cpu=True)
    assert job.objective.output_layer.negatives_per_block == 64 != config.shared_negatives
    check_settings(job.objective, config)
    with pytest.raises(InputError, match="num_negatives is 8, and the objective"):
        check_settings(job.objective, dataclasses.replace(config, num_negatives=8))
    with pytest.raises(InputError, match="output_layer is 'hierarchical_softmax', and the obj"):
        check_settings(job.objective, Config(output_layer="hierarchical_softmax"))


@pytest.mark.parametrize(
    ("settings", "objective", "message"),
    [
        ({}, len, "objective is <built-in function len>; give a jaxw2v.training.Objective"),
        ({}, Objective(InputLayer, 1), "input_layer of the objective is <class .*InputLayer"),
        ({"window": 8}, make_objective(Config())._replace(windows=Windows(W)), "window is 8, and"),
        ({"num_negatives": 9}, make_objective(Config()), "num_negatives is 9, and the objective"),
    ],
)
def test_what_is_no_objective_or_says_otherwise_is_one_line(settings, objective, message):
    with pytest.raises(InputError, match=message):
        jaxw2v.train([["a", "b"]], Config(**settings), objective=objective)


class NoWeights(Windows):
    def pairs(self, bounds):
        return super().pairs(bounds)[0]


class OneRowMore(HalfOfTheNext):
    def rows_per_block(self, block_length, constants):
        return 2 * block_length + 1


class WholeRows(HalfOfTheNext):
    def hidden(self, constants, ids, rows, pairs):
        return rows


class FirstPairs(HalfOfTheNext):
    def targets(self, pairs):
        return pairs[:, :1]


class OneDraw(Glove):
    def draw(self, key, constants, numbers):
        return jax.random.uniform(key, (7,))


class TwoRows(Glove):
    def rows_per_block(self, block_length, constants):
        return 2


class LossByBlock(Glove):
    def loss(self, constants, ids, hidden, rows, target_mask):
        return jnp.einsum("bjd,bid->b", rows, hidden)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"windows": NoWeights(W)}, r"NoWeights.pairs gives an array \[32, 32\] for 2 blocks; "),
        ({"input_layer": OneRowMore(2)}, r"OneRowMore.row_ids .* \[2, 64\] .*here \[2, 65\]"),
        ({"input_layer": WholeRows(2)}, r"WholeRows.hidden .* \[2, 64, 12\] .*here \[2, 32, 12\]"),
        ({"input_layer": FirstPairs(2)}, r"FirstPairs.targets .* \[2, 1, 32\] .*\[2, 32, 32\]"),
        ({"output_layer": OneDraw(())}, r"OneDraw.draw .* \[7\] .* arrays \[B, ...\]"),
        ({"output_layer": TwoRows(())}, r"TwoRows.row_ids .* \[2, 32\] .*here \[2, 2\]"),
        ({"output_layer": LossByBlock(())}, r"LossByBlock.loss .*return the sum over all pairs"),
    ],
)
def test_parts_that_do_not_fit_together_are_one_line(parts, message):
    own = make_objective(CONFIG)._replace(**parts)
    with pytest.raises(InputError, match=message):
        jaxw2v.train([["a", "b"]] * 20, CONFIG, objective=own, show_progress=False)


def test_objectives_are_known_again():
    made = make_objective(Config())
    assert describe(made) == describe(make_objective(Config()))
    assert describe(made) != describe(make_objective(Config(num_negatives=9)))
    assert describe(made) != describe(made._replace(windows=OneOverDistance(5)))


@dataclasses.dataclass(frozen=True)
class Weighed:
    weights: np.ndarray


def test_long_arrays_of_an_objective_are_told_apart_in_the_middle_too():
    made, weights = make_objective(Config()), np.ones(2_000)
    one = describe(made._replace(windows=Weighed(weights.copy())))
    assert describe(made._replace(windows=Weighed(weights.copy()))) == one
    weights[1_000] += 1e-12
    assert describe(made._replace(windows=Weighed(weights))) != one
