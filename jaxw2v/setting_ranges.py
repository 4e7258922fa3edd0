"""What the settings may be: ranges, choices, and what has no effect beside what."""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from jaxw2v.errors import InputError
from jaxw2v.tokenizer_names import numbered

_INTEGER, _NUMBER = (int,), (int, float)
_Range = tuple[tuple[type, ...], Callable[[Any], bool], str]
_AT_LEAST_ONE: _Range = (_INTEGER, lambda v: v >= 1, "an integer of 1 or more")
_RANGES: dict[str, _Range] = {
    "min_count": _AT_LEAST_ONE,
    "max_vocabulary": (_INTEGER, lambda v: v >= 2, "an integer of 2 or more"),
    "max_counted": (_INTEGER, lambda v: v >= 2, "an integer of 2 or more"),
    "phrase_passes": (_INTEGER, lambda v: v >= 0, "an integer of 0 or more"),
    "phrase_threshold": (_NUMBER, lambda v: True, "a finite number"),
    "phrase_min_count": _AT_LEAST_ONE,
    "embedding_dim": _AT_LEAST_ONE,
    "max_norm": (_NUMBER, lambda v: v > 0, "a number above 0"),
    "window": _AT_LEAST_ONE,
    "num_negatives": _AT_LEAST_ONE,
    "noise_exponent": (_NUMBER, lambda v: True, "a finite number"),
    "noise_table_size": _AT_LEAST_ONE,
    "subsample_percentile": (_NUMBER, lambda v: 0 <= v <= 100, "a number from 0 to 100"),
    "block_overlap": (_INTEGER, lambda v: v >= 0, "an integer of 0 or more"),
    "subsample_threshold": (_NUMBER, lambda v: 0 <= v <= 1, "a number from 0 to 1"),
    "epochs": _AT_LEAST_ONE,
    "learning_rate": (_NUMBER, lambda v: v > 0, "a number above 0"),
    "min_learning_rate": (_NUMBER, lambda v: v >= 0, "a number of 0 or more"),
    "tokens_per_step": _AT_LEAST_ONE,
    "block_length": (_INTEGER, lambda v: v >= 2, "an integer of 2 or more"),
    "negatives_per_block": _AT_LEAST_ONE,
    "seed": (_INTEGER, lambda v: 0 <= v < 2**32, "an integer from 0 to 4294967295"),
    "validation_share": (_NUMBER, lambda v: 0 <= v < 1, "a number from 0 to below 1"),
    "patience": _AT_LEAST_ONE,
    "checkpoint_minutes": (_NUMBER, lambda v: v > 0, "a number above 0"),
    "checkpoint_steps": _AT_LEAST_ONE,
    "checkpoint_epochs": _AT_LEAST_ONE,
    "keep_checkpoints": (_INTEGER, lambda v: v >= 0, "an integer of 0 or more"),
}
_NOISE = ("num_negatives", "negatives", "noise_exponent", "noise_table_size", "negatives_per_block")
_WITHOUT_EFFECT = {
    ("output_layer", "softmax"): _NOISE,
    ("output_layer", "hierarchical_softmax"): _NOISE,
    ("negatives", "fresh"): ("negatives_per_block",),
    ("objective", "skipgram"): ("cbow_combine",),
    ("phrase_passes", 0): ("phrase_scoring", "phrase_threshold", "phrase_min_count"),
    ("subsample_formula", "percentile"): ("subsample_threshold",),
    ("subsample_formula", "none"): ("subsample_threshold", "subsample_percentile"),
    ("subsample_formula", "word2vec_c"): ("subsample_percentile",),
    ("subsample_formula", "paper"): ("subsample_percentile",),
}


@functools.cache
def _hints(settings: type) -> dict[str, Any]:
    return get_type_hints(settings)


def check_fields(settings: Any) -> None:
    """Makes sure that every field holds what its name allows, and has an effect.

    Numbers of other kinds, such as numpy's, become Python's, which JSON can hold.

    Args:
      settings: a dataclass of :mod:`jaxw2v.config`.

    Raises:
      InputError: a value is out of range.
    """
    hints, defaults = _hints(type(settings)), {}
    for field in dataclasses.fields(settings):
        defaults[field.name] = field.default
        value, hint = getattr(settings, field.name), hints[field.name]
        value = numbered(value) if field.name == "tokenizer" else value
        if isinstance(value, numbers.Real) and not isinstance(value, bool):
            value = int(value) if isinstance(value, numbers.Integral) else float(value)
        if hint is bool:
            if value not in (True, False):
                raise InputError(f"{field.name} is {value!r}; it must be True or False")
            value = bool(value)
        object.__setattr__(settings, field.name, value)
        if get_origin(hint) is Literal and value not in get_args(hint):
            allowed = ", ".join(get_args(hint))
            raise InputError(f"{field.name} is {value!r}; it must be one of {allowed}")
        if field.name not in _RANGES or (value is None and type(None) in get_args(hint)):
            continue
        kind, accepts, what = _RANGES[field.name]
        number = not isinstance(value, bool) and isinstance(value, kind)
        if not (number and math.isfinite(value) and accepts(value)):
            raise InputError(f"{field.name} is {value!r}; it must be {what}")
    for (name, value), without_effect in _WITHOUT_EFFECT.items():
        for other in without_effect if getattr(settings, name, None) == value else ():
            if getattr(settings, other) != defaults[other]:
                raise InputError(
                    f"{other} is {getattr(settings, other)!r}, which has no effect when {name} is "
                    f"{value!r}; leave it out"
                )
    threshold = getattr(settings, "phrase_threshold", None) or 0.0
    if not -1 <= threshold <= 1 and settings.phrase_scoring == "npmi":
        raise InputError(f"phrase_threshold is {threshold}; npmi lies from -1 to 1")
