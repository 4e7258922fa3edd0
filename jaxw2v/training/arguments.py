"""What is given to ``train`` and ``fit`` is of the right kind, said before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jaxw2v.config import Checkpointing, Config
from jaxw2v.errors import InputError
from jaxw2v.training.callbacks import Callback
from jaxw2v.training.objectives.own_objective import check_kind


def check_arguments(
    config: Any, optimizer: Any, objective: Any, callbacks: Any, mesh: Any, checkpointing: Any
) -> None:
    """Makes sure of the kinds of arguments.

    Args:
      config: a :class:`~jaxw2v.Config`, or ``None``.
      optimizer: an Optax transformation, or ``None``.
      objective: a :class:`~jaxw2v.training.Objective`, or ``None``.
      callbacks: a sequence of :class:`~jaxw2v.Callback`.
      mesh: such as ``4x2``, or ``None``.
      checkpointing: a :class:`~jaxw2v.Checkpointing`, or ``None``.

    Raises:
      InputError: one is something else.
    """
    if not (config is None or isinstance(config, Config)):
        raise InputError(f"config is {config!r}; give jaxw2v.Config(embedding_dim=100, ...)")
    if not (optimizer is None or (hasattr(optimizer, "init") and hasattr(optimizer, "update"))):
        raise InputError(f"optimizer is {optimizer!r}; give an Optax one, such as optax.adam(0.01)")
    check_kind(objective)
    if not isinstance(callbacks, Sequence) or isinstance(callbacks, str):
        raise InputError(f"callbacks is {callbacks!r}; give a list of them")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise InputError(
                f"callbacks hold {callback!r}; give objects of subclasses of jaxw2v.Callback"
            )
    if not (mesh is None or isinstance(mesh, str)):
        raise InputError(f"mesh is {mesh!r}; give devices, such as '4x2' or '1x1x8'")
    if not (checkpointing is None or isinstance(checkpointing, Checkpointing)):
        raise InputError(f"checkpointing is {checkpointing!r}; give jaxw2v.Checkpointing(...)")
