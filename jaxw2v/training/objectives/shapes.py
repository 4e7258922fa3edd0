"""Whether the parts of an objective of the user's own fit together, found out without computing."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from jaxw2v.config import Config
from jaxw2v.errors import InputError
from jaxw2v.sampling import ContextBounds
from jaxw2v.training.objectives import LayerConstants, Objective

BLOCKS = 2


def check_shapes(
    objective: Objective, constants: LayerConstants, config: Config, vocabulary_size: int
) -> None:
    """Makes sure that each part returns what the next one, and the training step, takes.

    Args:
      objective: the objective, with its windows.
      constants: what its layers made of the vocabulary.
      config: the settings.
      vocabulary_size: V (words).

    Raises:
      InputError: naming the method, the shape that it gives, and the one that is needed.
    """
    length, dim = config.block_length, config.embedding_dim
    input_layer, layer, windows = objective
    ids = _array(jnp.int32, BLOCKS, length)
    assert windows is not None
    pairs = jax.eval_shape(lambda *bounds: windows.pairs(ContextBounds(*bounds)), ids, ids)
    _check(windows, "pairs", pairs, (BLOCKS, length, length), "[B, L (context), L (center)]")

    rows = input_layer.rows_per_block(length, constants.input)
    row_ids = jax.eval_shape(input_layer.row_ids, constants.input, ids)
    _check(input_layer, "row_ids", row_ids, (BLOCKS, rows), "[B, rows_per_block]")
    hidden = jax.eval_shape(
        input_layer.hidden, constants.input, ids, _array(jnp.float32, BLOCKS, rows, dim), pairs
    )
    _check(input_layer, "hidden", hidden, (BLOCKS, length, dim), "[B, L, D]")
    targets = jax.eval_shape(input_layer.targets, pairs)
    wanted = (BLOCKS, length, length)[: max(2, targets.ndim)]
    _check(input_layer, "targets", targets, wanted, "[B, L (target), L (hidden)] or [B, L]")

    key = jax.eval_shape(lambda: jax.random.key(0))
    draws = jax.eval_shape(layer.draw, key, constants.output, _array(jnp.int32, BLOCKS))
    for leaf in jax.tree.leaves(draws):
        _check(layer, "draw", leaf, (BLOCKS, *leaf.shape[1:]), "arrays [B, ...]")
    row_ids = jax.eval_shape(layer.row_ids, constants.output, ids, draws)
    table: tuple[int, ...] = (vocabulary_size, dim)
    if row_ids is not None:
        rows = layer.rows_per_block(length, constants.output)
        _check(layer, "row_ids", row_ids, (BLOCKS, rows), "[B, rows_per_block] or None")
        table = (BLOCKS, rows, dim)
    loss = jax.eval_shape(
        layer.loss, constants.output, ids, hidden, _array(jnp.float32, *table), targets
    )
    _check(layer, "loss", loss, (), "the sum over all pairs, []")


def _array(dtype: DTypeLike, *shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, dtype)


def _check(
    part: object, method: str, found: jax.ShapeDtypeStruct, wanted: tuple[int, ...], what: str
) -> None:
    if found.shape != wanted:
        raise InputError(
            f"{type(part).__name__}.{method} gives an array {list(found.shape)} for {BLOCKS} "
            f"blocks; return {what}, here {list(wanted)}"
        )
