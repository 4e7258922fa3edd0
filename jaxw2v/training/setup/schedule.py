"""The learning rate: its first value, and how it falls with the share of training done."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import optax

from jaxw2v.config import FEW_NEGATIVES


def scale_by_progress(
    schedule: Callable[[jax.Array], jax.Array],
) -> optax.GradientTransformationExtraArgs:
    """Multiplies updates by minus a learning rate that depends on the training done.

    Unlike a count of steps, the share of the corpus consumed is known exactly, however many
    tokens subsampling drops. The trainer passes it as the extra argument ``progress``.

    Args:
      schedule: a function from progress (float32 [], from 0 to 1) to a learning rate.

    Returns:
      An Optax transformation to end a chain with.

    Example:
      >>> import jax.numpy as jnp
      >>> rate = scale_by_progress(lambda progress: 0.1 * (1 - progress))
      >>> updates, _ = rate.update(jnp.ones(2), rate.init(jnp.ones(2)), progress=0.5)
      >>> updates.round(3).tolist()
      [-0.05000000074505806, -0.05000000074505806]
    """

    def update(updates, state, params=None, *, progress, **extra):
        del params, extra
        rate = schedule(progress)
        return jax.tree.map(lambda u: -rate * u, updates), state

    return optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)


def linear_decay(learning_rate: float, min_learning_rate: float) -> optax.Schedule:
    """The learning rate of word2vec.c: it falls linearly over the whole training.

    Args:
      learning_rate: the rate at the start.
      min_learning_rate: the rate at the end.

    Returns:
      From progress, 0 to 1, to a learning rate.

    Example:
      >>> linear_decay(0.5, 0.0)(0.5)
      0.25
    """
    # Arithmetic only: with a Python number it costs the host nothing, and waits for no device.
    return lambda progress: (learning_rate - min_learning_rate) * (1 - progress) + min_learning_rate


# Measured (experiments/quality_frontier): 0.2 to 14.6 M words, 1 to 20 epochs, 120 to 27,000 steps.
RATE_COEFFICIENT, LARGEST_LEARNING_RATE = 0.45, 0.1


def choose_learning_rate(
    steps: float, epochs: int, num_negatives: int, negatives_per_token: float = 1.0
) -> float:
    r"""The first learning rate, where the settings leave it open.

    .. math:: \eta = \min(0.1, 0.45 \sqrt{\max(1, K/5, N/L)} / (\sqrt{E} \sqrt[3]{t}))

    A row that k of t steps touch moves about :math:`\eta \sqrt{t k}` in all
    (:func:`~jaxw2v.training.setup.optimizer.scale_by_row_rms`), and k grows with the epochs E,
    whatever the size of the corpus: the rarest words are as rare in all of them. So that paths are
    as long everywhere :math:`\eta` falls with the root of E; for frequent words, which every step
    moves, the cube root of t was better than the square root. The mean square by which a row's
    gradients are divided keeps the first ones, when nothing tells words from noise and all K
    negatives push alike: with many of them later gradients would move rows too little. The more
    negatives are drawn, N for the L tokens of a block, the less noise is in a gradient, and the
    farther it may move a row.

    Args:
      steps: t, optimizer steps of the run.
      epochs: E, passes over the corpus.
      num_negatives: K, negatives for a pair; 5 or less for losses without any.
      negatives_per_token: N / L, draws of a block for each of its tokens; 1 or less for losses
        without any that are shared.

    Returns:
      The rate.

    Example:
      >>> round(choose_learning_rate(2000, 5, 5), 3), round(choose_learning_rate(2000, 20, 5), 3)
      (0.016, 0.008)
      >>> round(choose_learning_rate(2000, 5, 50), 3)
      0.051
      >>> round(choose_learning_rate(2000, 5, 5, negatives_per_token=2.0), 3)
      0.023
    """
    factor = math.sqrt(max(1, num_negatives / FEW_NEGATIVES, negatives_per_token))
    rate = RATE_COEFFICIENT * factor / (math.sqrt(epochs) * math.cbrt(steps))
    return min(LARGEST_LEARNING_RATE, rate)
