"""What may stand beside the type of a setting: its range, its role, when it has no effect."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from jaxw2v.errors import InputError
from jaxw2v.tokenizer_names import numbered

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclasses.dataclass(frozen=True)
class Range:
    """The numbers that a setting may be; all finite ones where nothing is given.

    Attributes:
      least: the smallest number.
      most: the largest number.
      above: a number that it must exceed.
      below: a number that it must not reach.
    """

    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    def allows(self, value: float) -> bool:
        """Whether a number lies inside."""
        return self.least <= value <= self.most and self.above < value < self.below

    def text(self, kind: str) -> str:
        """What to say of it; ``kind`` is "an integer" or "a number"."""
        if self.above > -math.inf:
            return f"{kind} above {self.above:g}"
        if self.below < math.inf:
            return f"{kind} from {self.least:g} to below {self.below:g}"
        if self.most < math.inf:
            return f"{kind} from {self.least} to {self.most}"
        return f"{kind} of {self.least:g} or more" if self.least > -math.inf else "a finite number"


class Role(enum.Enum):
    """Which other run a setting may differ from.

    Without a role a resumed run must have the same, and a continued one takes the earlier run's
    unless it gives its own.
    """

    FREE = "a resumed run may have another"
    OWN = "a continued run does not take the earlier run's"
    FIXED = "a continued run must have the earlier run's"


class NoEffect:
    """When a setting has no effect, and is refused unless it is the default."""

    def __init__(self, **when: Any):
        """Names the case.

        Args:
          **when: another setting, and the value (or a tuple of values) that it has then.
        """
        self.when = {k: v if isinstance(v, tuple) else (v,) for k, v in when.items()}
        if not all(self.when.values()):
            raise ValueError(f"{when}: names no value; the value () is written ((),)")


@functools.cache
def _rules(settings: type) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """By name of the field its type, and what stands beside that."""
    hints = get_type_hints(settings, include_extras=True)
    return {
        name: (h.__origin__, h.__metadata__) if hasattr(h, "__metadata__") else (h, ())
        for name, h in hints.items()
    }


def settings_with(role: Role, settings: type) -> frozenset[str]:
    """The settings of a role.

    Args:
      role: the role.
      settings: a dataclass of :mod:`jaxw2v.config`.

    Returns:
      Their names.
    """
    return frozenset(name for name, (_, rules) in _rules(settings).items() if role in rules)


def check_fields(settings: DataclassInstance) -> None:
    """Makes sure that every field holds what its rules allow, and has an effect.

    Numbers of other kinds, such as numpy's, become Python's, which JSON can hold.

    Args:
      settings: a dataclass of :mod:`jaxw2v.config`.

    Raises:
      InputError: a value is out of range, or has no effect.
    """
    fields = dataclasses.fields(settings)
    for field in fields:
        hint, rules = _rules(type(settings))[field.name]
        value = _plain(getattr(settings, field.name), hint, field.name)
        object.__setattr__(settings, field.name, value)
        if get_origin(hint) is Literal and value not in get_args(hint):
            allowed = ", ".join(get_args(hint))
            raise InputError(f"{field.name} is {value!r}; it must be one of {allowed}")
        _check_range(field.name, value, hint, rules)
    for field in fields:
        value = getattr(settings, field.name)
        cases = [
            rule.when
            for rule in _rules(type(settings))[field.name][1]
            if isinstance(rule, NoEffect)
        ]
        for name, values in (case for when in cases for case in when.items()):
            if getattr(settings, name) in values and value != field.default:
                raise InputError(
                    f"{field.name} is {value!r}, which has no effect when {name} is "
                    f"{getattr(settings, name)!r}; leave it out"
                )


def _plain(value: Any, hint: Any, name: str) -> Any:
    """The value as Python's own types hold it."""
    if hint is str and not isinstance(value, str):
        raise InputError(f"{name} is {value!r}; it must be a string")
    if get_origin(hint) is tuple:
        return _strings(value, name)
    if name == "tokenizer":
        return numbered(value)
    if hint is bool:
        if not (getattr(value, "ndim", 0) == 0 and value in (True, False)):
            raise InputError(f"{name} is {value!r}; it must be True or False")
        return bool(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    return value


def _strings(value: Any, name: str) -> tuple[str, ...]:
    """Several strings; one alone would be taken apart into its letters."""
    if isinstance(value, str):
        return (value,)
    values = tuple(value) if isinstance(value, Iterable) else (None,)
    if not all(isinstance(item, str) for item in values):
        raise InputError(f"{name} is {value!r}; it must be strings, such as ('king', 'queen')")
    return values


def _check_range(name: str, value: Any, hint: Any, rules: tuple[Any, ...]) -> None:
    kinds = get_args(hint) or (hint,)
    for rule in rules:
        if not isinstance(rule, Range) or (value is None and type(None) in kinds):
            continue
        is_integer = float not in kinds
        number = isinstance(value, int if is_integer else (int, float))
        if not number or isinstance(value, bool) or not rule.allows(value):
            what = rule.text("an integer" if is_integer else "a number")
            raise InputError(f"{name} is {value!r}; it must be {what}")
