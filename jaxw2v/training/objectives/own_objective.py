"""An objective of the user's own: whether it is one, and by what it is known again."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import sys
from typing import Any

import numpy as np

from jaxw2v.config import DEFAULTS, Config
from jaxw2v.errors import InputError
from jaxw2v.training.objectives import (
    InputLayer,
    Objective,
    OutputLayer,
    Windows,
    make_objective,
)
from jaxw2v.training.objectives.shared_negatives import SharedNegatives

KINDS = (InputLayer, OutputLayer, Windows)
# The settings that say what each part is.
SETTINGS = {
    "input_layer": ("objective", "cbow_combine"),
    "output_layer": (
        "output_layer",
        "num_negatives",
        "negatives",
        "negatives_per_block",
        "noise_exponent",
        "noise_table_size",
    ),
    "windows": ("window_sampling",),
}


def check_kind(objective: Any) -> None:
    """Makes sure that an argument is an objective.

    Args:
      objective: what was given; ``None`` is none.

    Raises:
      InputError: it is something else, or one of its parts is.
    """
    if objective is None:
        return
    if not isinstance(objective, Objective):
        raise InputError(
            f"objective is {objective!r}; give a jaxw2v.training.Objective of an input layer, an "
            "output layer and windows"
        )
    for name, part, kind in zip(objective._fields, objective, KINDS, strict=True):
        if not (isinstance(part, kind) or (part is None and kind is Windows)):
            raise InputError(
                f"{name} of the objective is {part!r}; give an object of a subclass of "
                f"jaxw2v.training.{kind.__name__}"
            )


def check_settings(objective: Objective | None, config: Config) -> None:
    """Refuses settings that an objective of the user's own leaves without effect.

    Args:
      objective: the objective.
      config: the settings.

    Raises:
      InputError: naming the setting.
    """
    if objective is None:
        return
    given, made = objective.output_layer, make_objective(config)
    usual = made.output_layer
    if (
        config.negatives_per_block is None
        and isinstance(given, SharedNegatives)
        and isinstance(usual, SharedNegatives)
    ):
        # A job's objective has as many as the corpus asks for.
        usual = dataclasses.replace(usual, negatives_per_block=given.negatives_per_block)
        made = made._replace(output_layer=usual)
    without_effect = [
        name
        for part, names in SETTINGS.items()
        if getattr(objective, part) not in (None, getattr(made, part))
        for name in names
    ]
    windows = objective.windows
    if windows is not None:
        without_effect += [
            name
            for name, field in (("window", "window"), ("context_side", "side"))
            if getattr(config, name) != getattr(windows, field)
        ]
    for name in without_effect:
        value = getattr(config, name)
        if value != DEFAULTS[name]:
            raise InputError(
                f"{name} is {value!r}, and the objective that is given says otherwise; leave it out"
            )


def describe(objective: Objective | None) -> str:
    """What an objective of the user's own is made of.

    Args:
      objective: the objective; ``None`` is that of the settings.

    Returns:
      The names of the classes, and a digest of what dataclasses among them hold; empty for none.

    Example:
      >>> describe(None), describe(make_objective(Config())).split()[:2]
      ('', ['SkipGram,', 'SharedNegatives,'])
    """
    if objective is None:
        return ""
    # Arrays whole, where NumPy would leave out the middle.
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        held = [repr(part) for part in objective if dataclasses.is_dataclass(part)]
    # Functions tell where they lie in memory.
    held = [re.sub(r" at 0x[0-9a-f]+", "", text) for text in held]
    names = ", ".join(type(part).__qualname__ for part in objective if part is not None)
    return f"{names} ({hashlib.sha256(repr(held).encode()).hexdigest()[:12]})"
