"""Rules that stand beside the type of a setting, on settings made up for this."""

import dataclasses
import math
from typing import Annotated, Literal

import numpy as np
import pytest

from jaxw2v import InputError
from jaxw2v.setting_rules import NoEffect, Range, Role, check_fields, settings_with


@dataclasses.dataclass(frozen=True)
class Oven:
    mode: Literal["grill", "bake"] = "bake"
    heat: Annotated[float, Range(above=0, most=300), Role.FREE] = 180.0
    minutes: Annotated[int, Range(least=1)] = 20
    fan: Annotated[bool, Role.FREE, NoEffect(mode="grill")] = False
    shelf: Annotated[int | None, Range(0, 3), Role.FIXED] = None
    dishes: tuple[str, ...] = ()

    def __post_init__(self):
        check_fields(self)


def test_roles_are_found():
    assert settings_with(Role.FREE, Oven) == {"heat", "fan"}
    assert settings_with(Role.FIXED, Oven) == {"shelf"}
    assert settings_with(Role.OWN, Oven) == frozenset()


def test_numbers_become_pythons():
    oven = Oven(heat=np.float32(200), minutes=np.int64(5), fan=np.bool_(True), dishes="pie")
    kinds = [type(value) for value in dataclasses.astuple(oven)]
    assert kinds == [str, float, int, bool, type(None), tuple]
    assert oven.dishes == ("pie",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mode": "boil"}, "mode is 'boil'; it must be one of grill, bake"),
        ({"heat": 0}, "heat is 0; it must be a number above 0"),
        ({"heat": 301.0}, "heat is 301.0"),
        ({"heat": math.nan}, "heat is nan"),
        ({"heat": True}, "heat is True"),
        ({"minutes": 0}, "minutes is 0; it must be an integer of 1 or more"),
        ({"minutes": 2.5}, "minutes is 2.5; it must be an integer"),
        ({"minutes": None}, "minutes is None; it must be an integer"),
        ({"shelf": 4}, "shelf is 4; it must be an integer from 0 to 3"),
        ({"fan": 2}, "fan is 2; it must be True or False"),
        ({"fan": np.array([True])}, "it must be True or False"),
        ({"dishes": 3}, "dishes is 3; it must be strings, such as"),
        ({"dishes": ("pie", 3)}, "it must be strings"),
        ({"mode": "grill", "fan": True}, "fan is True, which has no effect when mode is 'grill'"),
    ],
)
def test_what_no_rule_allows_is_refused_by_name(given, message):
    with pytest.raises(InputError, match=message):
        Oven(**given)


def test_what_the_rules_allow_is_taken():
    assert Oven("grill", 300, 1, False, 0).shelf == 0
    assert Oven(fan=True).fan


def test_a_range_says_what_it_allows():
    for allowed, text, inside, outside in (
        (Range(), "a finite number", (0, -1e9), (math.inf, -math.inf, math.nan)),
        (Range(least=2), "a number of 2 or more", (2, 3), (1.9,)),
        (Range(0, 1), "a number from 0 to 1", (0, 1), (-0.1, 1.1)),
        (Range(above=0), "a number above 0", (1e-9,), (0,)),
        (Range(least=0, below=1), "a number from 0 to below 1", (0, 0.99), (1,)),
    ):
        assert allowed.text("a number") == text
        assert all(map(allowed.allows, inside))
        assert not any(map(allowed.allows, outside))


def test_a_rule_that_names_no_value_is_refused():
    with pytest.raises(ValueError, match="names no value"):
        NoEffect(mode=())
