"""What the settings and the row-sparse update ask of any optimizer."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from jaxw2v.errors import InputError
from jaxw2v.losses.product import AxisName

GRADIENTS_KEPT = optax.MultiStepsState, optax.ApplyEvery


def keep_row_norm(
    optimizer: optax.GradientTransformation, max_norm: float, axis_name: AxisName = None
) -> optax.GradientTransformationExtraArgs:
    r"""Shortens rows that an update makes too long.

    .. math:: \Delta \leftarrow \min(1, \text{max\_norm} / \|p + \Delta\|) (p + \Delta) - p

    torch's ``Embedding(max_norm=...)`` does so when a row is next looked up; here it is done at
    once.

    Args:
      optimizer: makes the updates.
      max_norm: the longest row.
      axis_name: the mesh axes along which devices hold different columns of the rows.

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
        square = (new * new).sum(-1, keepdims=True)
        norm = jnp.sqrt(jax.lax.psum(square, axis_name) if axis_name else square)
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
    _check_state(optimizer)
    if not _moves_alone(optimizer, 2, 3):
        raise InputError(
            "the optimizer moves a row by what other rows do (a global norm, say); give an "
            "elementwise one, such as adam, adagrad or sgd, or row_updates='dense'"
        )


def _check_state(optimizer: optax.GradientTransformation) -> None:
    table = jax.ShapeDtypeStruct((7, 3), jnp.float32)
    for leaf in jax.tree.leaves(jax.eval_shape(optimizer.init, table)):
        if leaf.shape not in ((), table.shape, (table.shape[0], 1)):
            raise InputError(
                f"the optimizer keeps state of shape {leaf.shape} for a table {table.shape}; "
                "give an elementwise one, such as adam, adagrad or sgd"
            )


def check_keeps_no_gradients(optimizer: optax.GradientTransformation) -> None:
    """Makes sure that a transformation can be applied to the rows alone that a step touches.

    Args:
      optimizer: any Optax transformation.

    Raises:
      InputError: it keeps gradients for later steps.
    """
    state = jax.eval_shape(optimizer.init, jax.ShapeDtypeStruct((7, 3), jnp.float32))
    parts = jax.tree.leaves(state, is_leaf=lambda part: isinstance(part, GRADIENTS_KEPT))
    if any(isinstance(part, GRADIENTS_KEPT) for part in parts):
        raise InputError(
            "the optimizer keeps gradients for later steps (MultiSteps, apply_every), which may "
            "not touch the row; give a larger tokens_per_step, or row_updates='dense'"
        )


def check_columns_alone(optimizer: optax.GradientTransformation) -> None:
    """Makes sure that a transformation can be applied to some columns of a table.

    Args:
      optimizer: any Optax transformation.

    Raises:
      InputError: its state holds an array that is neither a scalar, nor shaped like the table,
        nor a number for each row; or a component moves differently when other components of its
        row are there.
    """
    _check_state(optimizer)
    if not _moves_alone(optimizer, 7, 2):
        raise InputError(
            "the optimizer moves a component by what others of its row do (a row's norm, say), and "
            "a mesh DATAxVOCABxDIM shares out the columns of the tables; give an elementwise one, "
            "such as adam, adagrad or sgd, or a --mesh DATAxVOCAB"
        )


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _moves_alone(optimizer: optax.GradientTransformation, rows: int, columns: int) -> jax.Array:
    """Whether so many rows and columns of a table of 7 and 3 move as they do by themselves."""
    table = jnp.arange(1, 22, dtype=jnp.float32).reshape(7, 3)
    whole, part = (_second_update(optimizer, table) for table in (table, table[:rows, :columns]))
    return jnp.allclose(whole[:rows, :columns], part, rtol=1e-5, atol=0)


def _second_update(optimizer: optax.GradientTransformation, table: jax.Array) -> jax.Array:
    # The second, because Adam's first update is the sign of any gradient.
    extended = optax.with_extra_args_support(optimizer)
    progress = jnp.float32(0)
    _, state = extended.update(table, extended.init(table), table, progress=progress)
    return extended.update(table**2, state, table, progress=progress)[0]
