"""The default optimizer: one second moment a row, its rate following the share of training done."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.losses.product import AxisName
from jaxw2v.training.setup.schedule import scale_by_progress

# Measured (experiments/quality_frontier).
LONGEST_UPDATE = 4.0
# The smallest normal float32; a gradient whose square is smaller is none.
TINY = 1.2e-38
# Slices by which a CPU sums: as wide as its registers (floats), and as many as it pays to unroll.
NARROWEST_SLICE, MOST_SLICES = 16, 32


class RowMeanSquares(NamedTuple):
    """State of :func:`scale_by_row_rms`.

    Attributes:
      count: int32 [], steps.
      squares: float32 [R, 1], for each row the mean square of its gradient, summed over the steps.
    """

    count: jax.Array  # type: ignore[assignment]
    squares: jax.Array


def _sum_of_squares(rows: jax.Array) -> jax.Array:
    """Sums over components, [n, 1], on a CPU in one order on any mesh."""
    return jax.lax.platform_dependent(
        rows,
        cpu=_sum_of_squared_slices,
        default=lambda rows: (rows * rows).sum(1, keepdims=True),
    )


def _sum_of_squared_slices(rows: jax.Array) -> jax.Array:
    """Adds up slices, then halves; the bits of XLA's own sums depend on the number of rows."""
    dim = rows.shape[1]
    width = max(NARROWEST_SLICE, 1 << (dim // MOST_SLICES).bit_length())
    slices = [rows[:, first : first + width] for first in range(0, dim, width)]
    # Padded and squared one by one: XLA would write all of the squares and read them again.
    slices[-1] = jnp.pad(slices[-1], ((0, 0), (0, width - slices[-1].shape[1])))
    total = functools.reduce(jnp.add, [part * part for part in slices])
    while width > 1:
        width //= 2
        total = total[:, :width] + total[:, width:]
    return total


def scale_by_row_rms(
    longest: float, embedding_dim: int | None = None, axis_name: AxisName = None
) -> optax.GradientTransformation:
    r"""Divides the gradient of a row by its root mean square over all steps so far.

    .. math:: v_t = \frac{1}{t} \sum_{s \le t} \overline{g_s^2}, \quad u = g / \sqrt{v_t}, \quad
              \Delta = u / \max(1, \text{rms}(u) / \text{longest})

    The overline is the mean over the components of the row. It is Adam's second moment with one
    number a row and :math:`\beta_2 \to 1`. In steps that do not touch a row its gradient is zero,
    so a row that one step in f touches moves some :math:`\sqrt f` times as far at each touch: what
    is rare has fewer touches to learn from. It changes nothing but sums, so it needs to see a
    row only when a step touches it.

    Args:
      longest: the largest root mean square of an update, before it is multiplied by the learning
        rate (no unit); a row's first touch
        late in the training would be a leap.
      embedding_dim: D, components of a whole row; ``None`` where the table has all of them.
      axis_name: the mesh axes along which devices hold different columns of the table.

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
        square = _sum_of_squares(gradient)
        if axis_name:
            square = jax.lax.psum(square, axis_name)
        square = square / (embedding_dim or gradient.shape[1])
        count, squares = state.count + 1, state.squares + square
        # A row that was never touched stays: its gradient is zero.
        rms = jnp.sqrt(jnp.maximum(squares / count.astype(squares.dtype), TINY))
        return gradient / jnp.maximum(rms, jnp.sqrt(square) / longest), RowMeanSquares(
            count, squares
        )

    return optax.GradientTransformation(init, update)


def default_optimizer(
    schedule: optax.Schedule, embedding_dim: int | None = None, axis_name: AxisName = None
) -> optax.GradientTransformationExtraArgs:
    """:func:`scale_by_row_rms`, following the training done.

    The momentum of a row that few steps touch is stale, so there is none. With one number a row
    instead of one a component the state takes 1/D of the memory, and scores are no lower
    (experiments/quality_frontier).

    Args:
      schedule: a function from progress to a learning rate, such as :func:`linear_decay`.
      embedding_dim: see :func:`scale_by_row_rms`.
      axis_name: likewise.

    Returns:
      The transformation.

    Example:
      >>> from jaxw2v.training.setup.schedule import linear_decay
      >>> default_optimizer(linear_decay(0.02, 0.0)).init(jnp.zeros((3, 2)))[0].squares.shape
      (3, 1)
    """
    return optax.chain(
        scale_by_row_rms(LONGEST_UPDATE, embedding_dim, axis_name), scale_by_progress(schedule)
    )
