"""Trains one classifier of reviews, and stops when it no longer gets better."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from jaxw2v.models import TextClassifier

BATCH = 64
"""Reviews in a step."""
LEARNING_RATE = 3e-3
STEPS_BETWEEN_LOOKS = 20
"""The fewest steps before the loss is looked at again; otherwise a pass over the reviews."""
MOST_LOOKS, PATIENCE = 40, 4
"""Looks at the loss in all, and without a smaller one."""
SCORED_AT_ONCE = 500
CONVOLUTION_WIDTH, CONVOLUTION_FEATURES = 5, 64
"""Words, and features, of the arm with a convolution."""


class Labelled(NamedTuple):
    """Encoded reviews.

    Attributes:
      ids: int32 [n, length], -1 is padding.
      labels: int32 [n].
    """

    ids: np.ndarray
    labels: np.ndarray


class Outcome(NamedTuple):
    """What came of training.

    Attributes:
      accuracy: on the reviews for the test.
      steps: taken until the chosen state.
      table: float32 [V, D], the embedding in that state.
    """

    accuracy: float
    steps: int
    table: np.ndarray


def build(table: np.ndarray, seed: int, is_convolution: bool) -> TextClassifier:
    """Makes a classifier.

    Args:
      table: float32 [V, D], where the embedding starts.
      seed: of the other layers.
      is_convolution: with a convolution and the maximum, or the mean.

    Returns:
      The classifier of two classes.
    """
    embedding = nnx.Embed(*table.shape, rngs=nnx.Rngs(0))
    embedding.embedding[...] = jnp.asarray(table)
    options = {}
    if is_convolution:
        options = {
            "convolution_width": CONVOLUTION_WIDTH,
            "hidden_features": CONVOLUTION_FEATURES,
        }
    return TextClassifier(embedding, 2, rngs=nnx.Rngs(seed), **options)


def loss(model: TextClassifier, ids: jax.Array, labels: jax.Array) -> jax.Array:
    """The mean cross-entropy.

    Args:
      model: the classifier.
      ids: int32 [B, length].
      labels: int32 [B].

    Returns:
      float32 [], nats.
    """
    return optax.softmax_cross_entropy_with_integer_labels(model(ids), labels).mean()


@nnx.jit
def _score(model: TextClassifier, ids: jax.Array, labels: jax.Array) -> tuple:
    logits = model(ids)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.sum(), (logits.argmax(-1) == labels).sum()


def score(model: TextClassifier, reviews: Labelled) -> tuple[float, float]:
    """Measures a classifier.

    Args:
      model: the classifier.
      reviews: on which.

    Returns:
      The mean cross-entropy (nats) and the accuracy.
    """
    sums = np.zeros(2)
    for start in range(0, len(reviews.labels), SCORED_AT_ONCE):
        part = slice(start, start + SCORED_AT_ONCE)
        sums += [float(x) for x in _score(model, reviews.ids[part], reviews.labels[part])]
    return tuple(sums / len(reviews.labels))


def train(
    table: np.ndarray,
    learn: Labelled,
    choose: Labelled,
    test: Labelled,
    seed: int,
    is_frozen: bool,
    is_convolution: bool = False,
) -> Outcome:
    """Trains until the loss on the reviews to choose by has stopped falling.

    Args:
      table: float32 [V, D], where the embedding starts.
      learn: reviews to learn from.
      choose: reviews by whose loss the state is chosen.
      test: reviews on which the chosen state is measured, once.
      seed: of the layers and of the order of the reviews.
      is_frozen: leave the embedding as it is.
      is_convolution: with a convolution and the maximum, or the mean.

    Returns:
      The outcome.
    """
    model = build(table, seed, is_convolution)
    moved = nnx.Param
    if is_frozen:
        moved = nnx.All(nnx.Param, nnx.Not(nnx.PathContains("embedding")))
    optimizer = nnx.Optimizer(model, optax.adam(LEARNING_RATE), wrt=moved)

    @nnx.jit
    def step(model, optimizer, ids, labels):
        optimizer.update(model, nnx.grad(loss, argnums=nnx.DiffState(0, moved))(model, ids, labels))

    rng, steps, since_best, best = np.random.default_rng(seed), 0, 0, np.inf
    chosen, chosen_steps = jax.tree.map(jnp.copy, nnx.state(model)), 0
    batch = min(BATCH, len(learn.labels))
    for _ in range(MOST_LOOKS):
        look_at = steps + STEPS_BETWEEN_LOOKS
        while steps < look_at:
            order = rng.permutation(len(learn.labels))
            for start in range(0, len(order) - batch + 1, batch):
                places = order[start : start + batch]
                step(model, optimizer, learn.ids[places], learn.labels[places])
                steps += 1
        found, _ = score(model, choose)
        since_best += 1
        if found < best:
            best, since_best = found, 0
            chosen, chosen_steps = jax.tree.map(jnp.copy, nnx.state(model)), steps
        if since_best == PATIENCE:
            break
    nnx.update(model, chosen)
    accuracy = score(model, test)[1]
    return Outcome(accuracy, chosen_steps, np.asarray(model.embedding.embedding[...]))
