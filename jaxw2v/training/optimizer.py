"""The default optimizer: Adam whose learning rate follows the share of training done."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxw2v.errors import InputError


def scale_by_progress(
    schedule: Callable[[jax.Array], jax.Array],
) -> optax.GradientTransformationExtraArgs:
    """Multiplies updates by minus a learning rate that depends on the training done.

    Unlike a count of steps, the share of the corpus consumed is known exactly, however many
    tokens subsampling drops. The trainer passes it as the extra argument ``progress``.

    Args:
      schedule: from progress (float32 [], 0 at the start, 1 at the end) to a learning rate.

    Returns:
      An Optax transformation to end a chain with.

    Example:
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


def default_optimizer(
    learning_rate: float, min_learning_rate: float
) -> optax.GradientTransformationExtraArgs:
    """Optax Adam with a linear decay.

    Args:
      learning_rate: step size at the start.
      min_learning_rate: step size at the end.

    Returns:
      The transformation.

    Reference:
      Kingma and Ba 2015, "Adam"; the linear decay is word2vec.c's.

    Example:
      >>> default_optimizer(0.02, 0.0).init(jnp.zeros((3, 2)))[0].mu.shape
      (3, 2)
    """
    decay = optax.linear_schedule(learning_rate, min_learning_rate, transition_steps=1)
    return optax.chain(optax.scale_by_adam(), scale_by_progress(decay))


def check_elementwise(optimizer: optax.GradientTransformation) -> None:
    """Makes sure that a transformation can be applied to some rows of a table.

    Args:
      optimizer: any Optax transformation.

    Raises:
      InputError: its state holds an array that is neither a scalar nor shaped like the table.
    """
    table = jax.ShapeDtypeStruct((7, 3), jnp.float32)
    for leaf in jax.tree.leaves(jax.eval_shape(optimizer.init, table)):
        if leaf.shape not in ((), table.shape):
            raise InputError(
                f"the optimizer keeps state of shape {leaf.shape} for a table {table.shape}; "
                "give an elementwise one, such as adam, adagrad or sgd"
            )
