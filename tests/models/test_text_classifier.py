"""The classifier against loops in numpy, and what training it moves."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from jaxw2v import InputError
from jaxw2v.models import TextClassifier

pytestmark = pytest.mark.usefixtures("optax_promotes")

TEXTS = np.array([[3, 5, 1, -1, -1], [2, 2, 0, 6, 4], [-1, -1, -1, -1, -1]], np.int32)


def make(**options):
    embedding = nnx.Embed(7, 4, rngs=nnx.Rngs(0))
    return TextClassifier(embedding, 3, hidden_features=5, rngs=nnx.Rngs(1), **options)


def dense(layer, x):
    return x @ np.asarray(layer.kernel[...]) + np.asarray(layer.bias[...])


def head(model, pooled):
    return dense(model.output, np.maximum(dense(model.hidden, pooled), 0))


@pytest.mark.slow
def test_mean_pooling_word_by_word():
    model = make()
    table = np.asarray(model.embedding.embedding[...])
    for text, logits in zip(TEXTS, model(jnp.asarray(TEXTS)), strict=True):
        words = [table[i] for i in text if i >= 0]
        pooled = sum(words) / len(words) if words else np.zeros(4)
        np.testing.assert_allclose(logits, head(model, pooled), atol=1e-6)


def test_convolution_word_by_word():
    model = make(convolution_width=3)
    table = np.asarray(model.embedding.embedding[...])
    kernel, bias = (np.asarray(x[...]) for x in (model.convolution.kernel, model.convolution.bias))
    for text, logits in zip(TEXTS, model(jnp.asarray(TEXTS)), strict=True):
        words = [table[i] for i in text if i >= 0]
        around = [np.zeros(4), *words, np.zeros(4)]
        seen = [np.zeros(5)]
        for place in range(len(words)):
            total = bias + sum(around[place + j] @ kernel[j] for j in range(3))
            seen.append(np.maximum(total, 0))
        np.testing.assert_allclose(logits, head(model, np.max(seen, axis=0)), atol=1e-6)


@pytest.mark.parametrize("width", [None, 3], ids=["mean", "convolution"])
def test_padding_changes_nothing(width):
    model = make(convolution_width=width)
    longer = np.pad(TEXTS, ((0, 0), (0, 4)), constant_values=-1)
    np.testing.assert_allclose(model(jnp.asarray(TEXTS)), model(jnp.asarray(longer)), atol=1e-6)


@pytest.mark.slow
def test_the_gradient_of_the_embedding_is_that_of_finite_differences():
    model = make()
    labels = jnp.array([0, 1, 2])

    def loss(model):
        logits = model(jnp.asarray(TEXTS))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    gradient = np.asarray(nnx.grad(loss)(model).embedding.embedding[...])
    table = model.embedding.embedding[...]
    for row, column in [(2, 0), (3, 1), (5, 3), (6, 2)]:
        ends = []
        for sign in (1, -1):
            model.embedding.embedding[...] = table.at[row, column].add(sign * 1e-2)
            ends.append(float(loss(model)))
        np.testing.assert_allclose(gradient[row, column], (ends[0] - ends[1]) / 2e-2, atol=2e-4)
    assert gradient[2].any()
    assert not gradient[[i for i in range(7) if i not in TEXTS]].any()


@pytest.mark.slow
def test_a_frozen_embedding_stays_and_the_rest_learns():
    model = make()
    before = np.asarray(model.embedding.embedding[...])
    others = nnx.All(nnx.Param, nnx.Not(nnx.PathContains("embedding")))
    optimizer = nnx.Optimizer(model, optax.adam(0.05), wrt=others)
    labels = jnp.array([0, 1, 2])

    def loss(model):
        logits = model(jnp.asarray(TEXTS))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    first = float(loss(model))
    for _ in range(60):
        optimizer.update(model, nnx.grad(loss, argnums=nnx.DiffState(0, others))(model))
    assert float(loss(model)) < 0.2 * first
    assert np.array_equal(before, np.asarray(model.embedding.embedding[...]))


def test_works_under_jit_and_vmap():
    model = make()
    expected = model(jnp.asarray(TEXTS))
    np.testing.assert_allclose(nnx.jit(lambda m, x: m(x))(model, jnp.asarray(TEXTS)), expected)
    each = jax.vmap(lambda text: model(text[None])[0])(jnp.asarray(TEXTS))
    np.testing.assert_allclose(each, expected, atol=1e-6)


@pytest.mark.parametrize("name", ["num_classes", "hidden_features", "convolution_width"])
def test_a_number_below_one_is_refused(name):
    options = {"num_classes": 2, name: 0}
    with pytest.raises(InputError, match=f"{name} is 0"):
        TextClassifier(nnx.Embed(3, 2, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(0), **options)
