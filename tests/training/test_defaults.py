"""The rate of a run: what is chosen, that every step has its own, and what small texts give."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from jaxw2v import Config, train
from jaxw2v.corpus import open_corpus
from jaxw2v.devices.layout import Layout
from jaxw2v.models import WordEmbeddings
from jaxw2v.training import make_job
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.setup.schedule import choose_learning_rate

TOPICS, WORDS_OF_TOPIC, FUNCTION_WORDS = 100, 10, 300


def language(num_words, every=4):
    """Every so many words one is of the sentence's topic, the others are function words."""
    rng = np.random.default_rng(0)
    sentences, of_topic = num_words // 20, len(range(0, 20, every))
    share = 1 / (np.arange(WORDS_OF_TOPIC) + 3)
    words = rng.choice(WORDS_OF_TOPIC, (sentences, of_topic), p=share / share.sum())
    topics = rng.integers(TOPICS, size=(sentences, 1))
    share = 1 / (np.arange(FUNCTION_WORDS) + 3)
    function_words = rng.choice(FUNCTION_WORDS, (sentences, 20), p=share / share.sum())
    made = np.char.add("f", function_words.astype(str)).astype(object)
    made[:, ::every] = np.char.add(np.char.add(topics.astype(str), "-"), words.astype(str))
    return made.tolist()


def share_of_topic(wv):
    """Of the five nearest neighbors of each word of a topic, the share that is of that topic."""
    words = [word for word in wv.words if "-" in word]
    near = wv.most_similar([[word] for word in words], topn=5)
    same = [
        other.split("-")[0] == word.split("-")[0]
        for word, answers in zip(words, near, strict=True)
        for other, _ in answers
    ]
    return np.mean(same)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_words", "every", "least"),
    [
        (40_000, 4, 0.8),
        pytest.param(160_000, 4, 0.97, marks=pytest.mark.lengthy),
        (160_000, 5, 0.97),
    ],
)
def test_the_defaults_find_the_neighbors_of_a_small_language(num_words, every, least):
    """The defaults of before, made for ten million words, found .66, .76 and .24."""
    wv = train(language(num_words, every), Config(embedding_dim=50), show_progress=False)
    assert share_of_topic(wv) > least


@pytest.mark.slow
def test_every_step_of_a_chunk_has_its_own_progress():
    """An optimizer that only notes the progress that it is given."""

    def update(updates, state, params=None, *, progress, **extra):
        total, largest, steps = state
        state = total + progress, jnp.maximum(largest, progress), steps + 1
        return jax.tree.map(jnp.zeros_like, updates), state

    noting = optax.GradientTransformationExtraArgs(
        lambda params: (jnp.float32(0), jnp.float32(0), jnp.int32(0)), update
    )
    config = Config(embedding_dim=4, min_count=1, tokens_per_step=256, subsample_threshold=0.0)
    stream = open_corpus(language(10_000), config, show_progress=False)
    job = make_job(config, stream.vocabulary.counts, noting, on_cpu=True)
    engine = Engine(job, Layout(None, len(job.keep), job.config.embedding_dim))
    chunk = Feed(stream, job.plan.chunk_tokens, engine.layout).read(0).chunk
    _, steps = engine.train(chunk, 0, 0, np.array([0.25, 0.75], np.float32))
    total, largest, counted = (float(value) for value in engine.state.input_optimizer)
    steps = int(steps)
    assert counted == steps > 30
    expected = 0.25 + 0.5 * np.arange(steps) / steps
    assert total == pytest.approx(expected.sum(), rel=1e-5)
    assert largest == pytest.approx(expected[-1], rel=1e-5)


def test_paths_are_as_long_whatever_the_epochs():
    """The rate times the root of the touches of a row, which grow with the epochs."""
    rates = [choose_learning_rate(2_000, epochs, 5) for epochs in (1, 5, 20)]
    np.testing.assert_allclose(rates * np.sqrt([1, 5, 20]), rates[0])
    few = choose_learning_rate(2_000, 5, 5)
    assert choose_learning_rate(16_000, 5, 5) == pytest.approx(few / 2)
    assert choose_learning_rate(1, 1, 5) == 0.1


def test_more_than_five_negatives_take_a_larger_rate():
    few = choose_learning_rate(2_000, 5, 5)
    assert [choose_learning_rate(2_000, 5, number) for number in (1, 4)] == [few] * 2
    assert choose_learning_rate(2_000, 5, 20) == pytest.approx(2 * few)
    counts = np.full(1000, 3000)
    jobs = [make_job(Config(num_negatives=number), counts, on_cpu=True) for number in (5, 20)]
    assert jobs[1].plan.learning_rate == pytest.approx(2 * jobs[0].plan.learning_rate)
    # A small corpus draws two negatives a word already with 5.
    jobs = [make_job(Config(num_negatives=n), counts // 3, on_cpu=True) for n in (5, 7, 20)]
    rates = np.array([job.plan.learning_rate for job in jobs])
    np.testing.assert_allclose(rates / rates[0], [1, 1, 2**0.5])


@pytest.mark.slow
def test_tables_and_draws_have_keys_of_their_own():
    config = Config(embedding_dim=4, min_count=1)
    stream = open_corpus(language(2_000), config, show_progress=False)
    job = make_job(config, stream.vocabulary.counts, on_cpu=True)
    engine = Engine(job, Layout(None, len(job.keep), job.config.embedding_dim))
    table = engine.state.input_embedding
    of_draws = WordEmbeddings(*table.shape, rngs=nnx.Rngs(engine.key)).input_embedding[...]
    is_word = np.asarray(table).any(axis=1)
    assert np.abs(table).max() == pytest.approx(np.abs(of_draws).max(), rel=0.1)
    assert not (np.asarray(table) == of_draws)[is_word].any()
