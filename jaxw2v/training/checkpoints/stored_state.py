"""The state of a run as named arrays, which any mesh can take up again."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxw2v.devices.layout import Layout
from jaxw2v.training.setup.job import Job
from jaxw2v.training.step.state import TrainState, initial_state

NGRAMS = "ngram_embedding"
# Holds nothing from one step to the next.
SCRATCH = ("input_positions", "output_positions")


def to_arrays(state: TrainState, key: jax.Array) -> dict[str, jax.Array]:
    """Names the arrays of a state.

    Args:
      state: the tables and the state of the optimizer.
      key: PRNG key [] from which all draws of the run are folded.

    Returns:
      Arrays by name, such as ``input_optimizer-0-squares``.
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    named = {_name(path): leaf for path, leaf in leaves}
    return {k: v for k, v in named.items() if k not in SCRATCH} | {"key": jax.random.key_data(key)}


def stored_shapes(job: Job, layout: Layout) -> dict[str, jax.ShapeDtypeStruct]:
    """The shapes of what :func:`to_arrays` returns.

    Args:
      job: what the run does.
      layout: the devices.

    Returns:
      Shapes by name, with shardings.
    """
    return layout.shapes(lambda: to_arrays(initial_state(job), jax.random.key(0)))


def from_arrays(
    arrays: dict[str, jax.Array], job: Job, layout: Layout
) -> tuple[TrainState, jax.Array]:
    """Undoes :func:`to_arrays`.

    Args:
      arrays: the arrays by name.
      job: what the run does.
      layout: the devices on which they lie.

    Returns:
      The state and the key.
    """
    shapes = layout.shapes(lambda: initial_state(job))
    leaves, structure = jax.tree_util.tree_flatten_with_path(shapes)
    named = {_name(path): leaf for path, leaf in leaves}
    empty = {name: leaf for name, leaf in named.items() if name in SCRATCH}
    scratch = layout.make(lambda: jax.tree.map(jnp.zeros_like, empty))
    found = [(arrays | scratch)[name] for name in named]
    state = jax.tree_util.tree_unflatten(structure, found)
    return state, jax.random.wrap_key_data(arrays["key"])


def _name(path: tuple) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="-")
