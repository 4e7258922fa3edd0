"""The default optimizer: one second moment a row, its rate following the share of training done."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.errors import InputError

# Measured (experiments/quality_frontier).
LONGEST_UPDATE = 4.0
# The smallest normal float32; a gradient whose square is smaller is none.
TINY = 1.2e-38


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


def linear_decay(learning_rate: float, min_learning_rate: float) -> optax.Schedule:
    """The learning rate of word2vec.c: it falls linearly over the whole training.

    Args:
      learning_rate: at the start.
      min_learning_rate: at the end.

    Returns:
      From progress, 0 to 1, to a learning rate.

    Example:
      >>> linear_decay(0.5, 0.0)(0.5)
      0.25
    """
    # Arithmetic only: with a Python number it costs the host nothing, and waits for no device.
    return lambda progress: (learning_rate - min_learning_rate) * (1 - progress) + min_learning_rate


class RowMeanSquares(NamedTuple):
    """State of :func:`scale_by_row_rms`.

    Attributes:
      count: int32 [], steps.
      squares: float32 [R, 1], for each row the mean square of its gradient, summed over the steps.
    """

    count: jax.Array
    squares: jax.Array


def _pairwise_sum(rows: jax.Array) -> jax.Array:
    """Sums over components, [n, 1], in one order on any mesh; the bits of XLA's own sums differ."""
    width = 1 << (rows.shape[1] - 1).bit_length()
    rows = jnp.pad(rows, ((0, 0), (0, width - rows.shape[1])))
    while width > 1:
        width //= 2
        rows = rows[:, :width] + rows[:, width:]
    return rows


def scale_by_row_rms(longest: float) -> optax.GradientTransformation:
    r"""Divides the gradient of a row by its root mean square over all steps so far.

    .. math:: v_t = \frac{1}{t} \sum_{s \le t} \overline{g_s^2}, \quad u = g / \sqrt{v_t}, \quad
              \Delta = u / \max(1, \text{rms}(u) / \text{longest})

    The overline is the mean over the components of the row. It is Adam's second moment with one
    number a row and :math:`\beta_2 \to 1`. In steps that do not touch a row its gradient is zero,
    so a row that one step in f touches moves some :math:`\sqrt f` times as far at each touch: what
    is rare has fewer touches to learn from. It changes nothing but sums, so it needs to see a
    row only when a step touches it.

    Args:
      longest: the largest root mean square of an update (learning rates); a row's first touch
        late in the training would be a leap.

    Returns:
      An Optax transformation of a table whose rows it looks at one by one.

    Reference:
      Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization"; for one number a row and for
      the largest update, Shazeer and Stern 2018, "Adafactor: Adaptive Learning Rates with Sublinear
      Memory Cost".

    Example:
      >>> scale = scale_by_row_rms(longest=4.0)
      >>> gradient = jnp.array([[3.0, 3.0], [0.0, 0.0]])
      >>> updates, state = scale.update(gradient, scale.init(gradient))
      >>> updates.tolist(), state.squares.tolist()
      ([[1.0, 1.0], [0.0, 0.0]], [[9.0], [0.0]])
    """

    def init(table):
        return RowMeanSquares(jnp.zeros((), jnp.int32), jnp.zeros((table.shape[0], 1)))

    def update(gradient, state, params=None):
        del params
        square = _pairwise_sum(gradient * gradient) / gradient.shape[1]
        count, squares = state.count + 1, state.squares + square
        # A row that was never touched stays: its gradient is zero.
        rms = jnp.sqrt(jnp.maximum(squares / count, TINY))
        return gradient / jnp.maximum(rms, jnp.sqrt(square) / longest), RowMeanSquares(
            count, squares
        )

    return optax.GradientTransformation(init, update)


def default_optimizer(schedule: optax.Schedule) -> optax.GradientTransformationExtraArgs:
    """:func:`scale_by_row_rms`, following the training done.

    The momentum of a row that few steps touch is stale, so there is none. With one number a row
    instead of one a component the state takes 1/D of the memory, and scores are no lower
    (experiments/quality_frontier).

    Args:
      schedule: from progress to a learning rate, such as :func:`linear_decay`.

    Returns:
      The transformation.

    Example:
      >>> default_optimizer(linear_decay(0.02, 0.0)).init(jnp.zeros((3, 2)))[0].squares.shape
      (3, 1)
    """
    return optax.chain(scale_by_row_rms(LONGEST_UPDATE), scale_by_progress(schedule))


def keep_row_norm(
    optimizer: optax.GradientTransformation, max_norm: float
) -> optax.GradientTransformationExtraArgs:
    r"""Shortens rows that an update makes too long.

    .. math:: \Delta \leftarrow \min(1, \text{max\_norm} / \|p + \Delta\|) (p + \Delta) - p

    torch's ``Embedding(max_norm=...)`` does so when a row is next looked up; here it is done at
    once.

    Args:
      optimizer: makes the updates.
      max_norm: the longest row.

    Returns:
      An Optax transformation that needs ``params``; its state is that of ``optimizer``.

    Reference:
      torch.nn.Embedding, ``max_norm``.

    Example:
      >>> limit, row = keep_row_norm(optax.identity(), 1.0), jnp.zeros((1, 2))
      >>> updates, _ = limit.update(jnp.array([[3.0, 4.0]]), limit.init(row), row)
      >>> float(jnp.linalg.norm(row + updates).round(5))
      1.0
    """
    extended = optax.with_extra_args_support(optimizer)

    def shorten(update, row):
        new = row + update
        norm = jnp.linalg.norm(new, axis=-1, keepdims=True)
        return new * (max_norm / jnp.maximum(norm, max_norm)) - row

    def update(updates, state, params=None, **extra):
        updates, state = extended.update(updates, state, params, **extra)
        return jax.tree.map(shorten, updates, params), state

    return optax.GradientTransformationExtraArgs(extended.init, update)


class HeldRows(NamedTuple):
    """State of :func:`hold_rows`.

    Attributes:
      optimizer: state of the transformation that moves the other rows.
      held: bool [R, 1], rows that do not move.
    """

    optimizer: optax.OptState
    held: jax.Array


def hold_rows(
    optimizer: optax.GradientTransformation,
) -> optax.GradientTransformationExtraArgs:
    """Keeps the rows that its state names where they are; at first there is none.

    Args:
      optimizer: moves the other rows.

    Returns:
      An Optax transformation.

    Example:
      >>> hold = hold_rows(optax.sgd(1.0))
      >>> state = hold.init(jnp.zeros((2, 1)))._replace(held=jnp.array([[True], [False]]))
      >>> hold.update(jnp.ones((2, 1)), state)[0].tolist()
      [[0.0], [-1.0]]
    """
    extended = optax.with_extra_args_support(optimizer)

    def init(table):
        return HeldRows(extended.init(table), jnp.zeros((table.shape[0], 1), bool))

    def update(updates, state, params=None, **extra):
        updates, inner = extended.update(updates, state.optimizer, params, **extra)
        return jnp.where(state.held, 0, updates), HeldRows(inner, state.held)

    return optax.GradientTransformationExtraArgs(init, update)


def check_elementwise(optimizer: optax.GradientTransformation) -> None:
    """Makes sure that a transformation can be applied to some rows of a table.

    Args:
      optimizer: any Optax transformation.

    Raises:
      InputError: its state holds an array that is neither a scalar, nor shaped like the table,
        nor a number for each row; or a row moves differently when other rows are there.
    """
    table = jax.ShapeDtypeStruct((7, 3), jnp.float32)
    for leaf in jax.tree.leaves(jax.eval_shape(optimizer.init, table)):
        if leaf.shape not in ((), table.shape, (table.shape[0], 1)):
            raise InputError(
                f"the optimizer keeps state of shape {leaf.shape} for a table {table.shape}; "
                "give an elementwise one, such as adam, adagrad or sgd"
            )
    if not _moves_rows_alone(optimizer):
        raise InputError(
            "the optimizer moves a row by what other rows do (a global norm, say); give an "
            "elementwise one, such as adam, adagrad or sgd, or row_updates='dense'"
        )


@functools.partial(jax.jit, static_argnums=0)
def _moves_rows_alone(optimizer: optax.GradientTransformation) -> jax.Array:
    rows = jnp.arange(1, 22, dtype=jnp.float32).reshape(7, 3)
    whole, part = (_second_update(optimizer, table) for table in (rows, rows[:2]))
    return jnp.allclose(whole[:2], part, rtol=1e-5, atol=0)


def _second_update(optimizer: optax.GradientTransformation, table: jax.Array) -> jax.Array:
    # The second, because Adam's first update is the sign of any gradient.
    extended = optax.with_extra_args_support(optimizer)
    progress = jnp.float32(0)
    _, state = extended.update(table, extended.init(table), table, progress=progress)
    return extended.update(table**2, state, table, progress=progress)[0]
