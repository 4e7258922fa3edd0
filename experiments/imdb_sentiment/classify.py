"""Trains one classifier of reviews, and stops when it no longer gets better."""

from __future__ import annotations

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

import jaxw2v
from jaxw2v.models import TextClassifier

Mode = Literal["trained", "frozen", "fine-tuned"]
BATCH = 64
"""Reviews in a step."""
LEARNING_RATE, FINE_TUNING_RATE = 3e-3, 3e-4
STEPS_BETWEEN_LOOKS = 20
"""The fewest steps before the loss is looked at again; otherwise a pass over the reviews."""
MOST_LOOKS, PATIENCE = 60, 4
"""Looks at the loss of a stage in all, and without a smaller one."""
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


def build(wv: jaxw2v.WordVectors, seed: int, is_convolution: bool) -> TextClassifier:
    """Makes a classifier.

    Args:
      wv: where the embedding starts.
      seed: of the other layers.
      is_convolution: with a convolution and the maximum, or the mean.

    Returns:
      The classifier of two classes.
    """
    options = {}
    if is_convolution:
        options = {
            "convolution_width": CONVOLUTION_WIDTH,
            "hidden_features": CONVOLUTION_FEATURES,
        }
    return TextClassifier(wv.to_embed(), 2, rngs=nnx.Rngs(seed), **options)


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


class Chosen(NamedTuple):
    """The state with the smallest loss so far.

    Attributes:
      loss: on the reviews to choose by (nats).
      steps: taken until then, in all stages.
      state: of the classifier.
    """

    loss: float
    steps: int
    state: nnx.State


def run_stage(
    model: TextClassifier,
    moved: nnx.filterlib.Filter,
    rate: float,
    learn: Labelled,
    choose: Labelled,
    chosen: Chosen,
    rng: np.random.Generator,
) -> Chosen:
    """Trains until the loss on the reviews to choose by has stopped falling.

    Args:
      model: the classifier, which is changed.
      moved: which of its parameters move.
      rate: of Adam.
      learn: reviews to learn from.
      choose: reviews by whose loss the state is chosen.
      chosen: the best state of earlier stages.
      rng: for the order of the reviews.

    Returns:
      The best state.
    """
    optimizer = nnx.Optimizer(model, optax.adam(rate), wrt=moved)

    @nnx.jit
    def step(model, optimizer, ids, labels):
        optimizer.update(model, nnx.grad(loss, argnums=nnx.DiffState(0, moved))(model, ids, labels))

    steps, since_best = chosen.steps, 0
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
        if found < chosen.loss:
            chosen, since_best = Chosen(found, steps, _copy(model)), 0
        if since_best == PATIENCE:
            break
    return chosen


def _copy(model: TextClassifier) -> nnx.State:
    return jax.tree.map(jnp.copy, nnx.state(model))


def train(
    wv: jaxw2v.WordVectors,
    learn: Labelled,
    choose: Labelled,
    test: Labelled,
    seed: int,
    mode: Mode,
    is_convolution: bool = False,
) -> Outcome:
    """Trains a classifier, and tests its best state once.

    Args:
      wv: where the embedding starts.
      learn: reviews to learn from.
      choose: reviews by whose loss the state is chosen.
      test: reviews on which the chosen state is measured.
      seed: of the layers and of the order of the reviews.
      mode: ``trained``, all layers together; ``frozen``, the embedding stays as it is;
        ``fine-tuned``, the others first, then all at a tenth of the rate.
      is_convolution: with a convolution and the maximum, or the mean.

    Returns:
      The outcome.
    """
    model, rng = build(wv, seed, is_convolution), np.random.default_rng(seed)
    others = nnx.All(nnx.Param, nnx.Not(nnx.PathContains("embedding")))
    stages = {
        "trained": [(nnx.Param, LEARNING_RATE)],
        "frozen": [(others, LEARNING_RATE)],
        "fine-tuned": [(others, LEARNING_RATE), (nnx.Param, FINE_TUNING_RATE)],
    }
    chosen = Chosen(np.inf, 0, _copy(model))
    for moved, rate in stages[mode]:
        chosen = run_stage(model, moved, rate, learn, choose, chosen, rng)
        nnx.update(model, chosen.state)
    table = np.asarray(model.embedding.embedding[...])
    return Outcome(score(model, test)[1], chosen.steps, table)
