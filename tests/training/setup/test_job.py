"""What a run does is decided before it starts, from counts and settings alone."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxw2v import Config, InputError
from jaxw2v.sampling import keep_probability
from jaxw2v.subwords import made_up_words
from jaxw2v.training import make_job, make_objective
from jaxw2v.training.objectives.windows import DrawnWindows, ExpectedWindows
from jaxw2v.training.setup.sizes import Sizes

COUNTS = np.maximum(10_000 // np.arange(1, 501), 5)


def test_rows_are_updated_sparsely_where_the_optimizer_allows_it():
    def centered(updates, state, params=None):
        return updates - updates.mean(0, keepdims=True), state

    across = optax.GradientTransformation(lambda params: (), centered)
    for optimizer, wanted, decided in (
        (None, "auto", "sparse"),
        (optax.sgd(0.1), "auto", "sparse"),
        (across, "auto", "dense"),
        (optax.sgd(0.1), "dense", "dense"),
    ):
        job = make_job(Config(row_updates=wanted), COUNTS, optimizer, on_cpu=True)
        assert job.config.row_updates == decided
        assert (job.schedule is None) == (optimizer is not None)
    with pytest.raises(InputError, match="elementwise"):
        make_job(Config(row_updates="sparse"), COUNTS, across, on_cpu=True)
    with pytest.raises(InputError, match="subwords move the rows of the n-grams that a step"):
        make_job(Config(subwords=True), COUNTS, across, on_cpu=True)


def test_subsampling_is_decided_where_the_user_has_not():
    job = make_job(Config(), COUNTS, on_cpu=True)
    threshold = job.config.subsample_threshold
    assert threshold is not None
    np.testing.assert_array_equal(job.keep, keep_probability(COUNTS, threshold))
    resumed = dataclasses.replace(job.plan.sizes, subsample_threshold=0.02)
    assert make_job(Config(), COUNTS, on_cpu=True, sizes=resumed).config.subsample_threshold == 0.02
    assert job.plan.sizes.subsample_threshold == threshold
    none = make_job(Config(subsample_threshold=0.0), COUNTS, on_cpu=True)
    assert (none.keep == 1).all()
    by_pair = make_job(Config(subsample_formula="percentile"), COUNTS, on_cpu=True)
    assert by_pair.config.subsample_threshold is None
    assert by_pair.keep[0] < by_pair.keep[-1] <= 1


def test_negatives_of_a_block_are_decided_where_the_user_has_not():
    def job(factor, sizes=None, **settings):
        return make_job(Config(**settings), COUNTS * factor, on_cpu=True, sizes=sizes)

    large_factor = 10_000_000 // COUNTS.sum()
    small, large = job(1), job(large_factor)
    assert (small.config.negatives_per_block, large.config.negatives_per_block) == (64, 32)
    assert job(1, num_negatives=15).config.negatives_per_block == 96
    for num_negatives, skipgram, cbow in ((6, 32, 38), (10, 32, 64), (15, 48, 96), (50, 160, 320)):
        for objective, expected in (("skipgram", skipgram), ("cbow", cbow)):
            large_job = job(large_factor, num_negatives=num_negatives, objective=objective)
            assert large_job.config.negatives_per_block == expected
    assert job(1, negatives_per_block=7).config.negatives_per_block == 7
    assert small.objective.output_layer.rows_per_block(32, small.constants.output) == 32 + 64
    for settings in ({"output_layer": "hierarchical_softmax"}, {"negatives": "fresh"}):
        assert job(1, **settings).config.negatives_per_block is None
    assert small.plan.sizes.negatives_per_block == 64
    resumed = job(1, sizes=dataclasses.replace(small.plan.sizes, negatives_per_block=40))
    assert resumed.config.negatives_per_block == 40
    record = dataclasses.asdict(small.plan.sizes)
    del record["negatives_per_block"]
    for num_negatives, expected in ((5, 32), (15, 96)):
        of_before = job(1, sizes=Sizes(**record), num_negatives=num_negatives)
        assert of_before.config.negatives_per_block == expected
    assert job(1, block_length=16).config.negatives_per_block == 32
    assert job(1, subwords=True).config.negatives_per_block == 32
    assert job(1, subwords=True, num_negatives=15).config.negatives_per_block == 96
    usual = job(1, negatives_per_block=32).plan.learning_rate
    assert small.plan.learning_rate == pytest.approx(2**0.5 * usual)
    assert job(1, negatives="fresh").plan.learning_rate == usual
    own = make_job(Config(), COUNTS, on_cpu=True, objective=make_objective(Config()))
    assert (own.config.negatives_per_block, own.plan.learning_rate) == (None, usual)


def test_two_million_words_are_a_small_corpus():
    for last, negatives in ((1_000_000, 64), (1_000_001, 32)):
        counts = np.array([1_000_000, last])
        assert make_job(Config(), counts, on_cpu=True).config.negatives_per_block == negatives


def test_the_transformation_has_what_the_settings_ask():
    table = jnp.full((2, 4), 0.2)

    def moved(**settings):
        job = make_job(Config(embedding_dim=4, **settings), COUNTS, optax.sgd(10.0), on_cpu=True)
        optimizer = optax.with_extra_args_support(job.optimizer)
        state = optimizer.init(table)
        updates, _ = optimizer.update(table, state, table, progress=jnp.float32(0))
        return np.asarray(optax.apply_updates(table, updates))

    np.testing.assert_allclose(moved(), -1.8, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(moved(max_norm=0.5), axis=1), 0.5, rtol=1e-5)


def test_rows_of_ngrams_are_those_of_the_words():
    words = made_up_words(len(COUNTS))
    job = make_job(Config(subwords=True), COUNTS, on_cpu=True, words=words)
    assert len(job.subwords.own_weights) == len(COUNTS)
    assert job.word_parts is not None
    made_up = make_job(Config(subwords=True), COUNTS, on_cpu=True)
    np.testing.assert_array_equal(made_up.subwords.rows, job.subwords.rows)
    plain = make_job(Config(), COUNTS, on_cpu=True)
    assert plain.subwords is plain.word_parts is None


def test_an_objective_without_windows_gets_those_of_the_settings():
    job = make_job(Config(window=3), COUNTS, on_cpu=True)
    own = job.objective._replace(windows=None)
    again = make_job(Config(window=3), COUNTS, on_cpu=True, objective=own)
    assert again.objective == own._replace(windows=DrawnWindows(3))
    kept = own._replace(windows=ExpectedWindows(2))
    found = make_job(Config(window=2), COUNTS, on_cpu=True, objective=kept)
    assert found.objective.windows == ExpectedWindows(2)


def test_a_job_for_accelerators_is_made_where_there_is_none():
    job = make_job(Config(embedding_dim=300), COUNTS, on_cpu=False)
    footprint = job.footprint((1, 8, 1))
    assert footprint.mesh == (1, 8, 1)
    assert footprint.memory()["tables"] == 2 * 512 * 300 * 4 // 8
