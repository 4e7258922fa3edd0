"""Which tokens form pairs, and how much each counts."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.sampling import context_bounds
from jaxw2v.training.objectives.windows import DrawnWindows, ExpectedWindows, Windows

L, W = 9, 3


def bounds(radius, side="both"):
    windows = jnp.full((1, L), radius)
    sentence_ids = jnp.asarray([[0, 0, 0, 0, 0, 1, 1, 1, 1]])
    return context_bounds(windows, sentence_ids, jnp.ones((1, L), bool), side)


def distances():
    place = np.arange(L)
    same = (place[:, None] < 5) == (place[None] < 5)
    return np.where(same, abs(place[:, None] - place[None]), 0)


@pytest.mark.parametrize("kind", [Windows, DrawnWindows])
@pytest.mark.parametrize("radius", [1, 2, 3])
def test_all_within_the_bounds_are_pairs(kind, radius):
    found = kind(W).pairs(bounds(radius))[0]
    np.testing.assert_array_equal(found, (distances() > 0) & (distances() <= radius))


def test_expected_windows_weight_by_the_chance_to_be_inside():
    found = np.asarray(ExpectedWindows(W).pairs(bounds(W))[0])
    mean = np.mean([(distances() > 0) & (distances() <= r) for r in range(1, W + 1)], axis=0)
    np.testing.assert_allclose(found, mean, atol=1e-5)


def test_only_windows_that_are_drawn_draw():
    assert [kind.draws for kind in (Windows, DrawnWindows, ExpectedWindows)] == [
        False,
        True,
        False,
    ]
    assert Windows(3) == Windows(3, "both", False)
    assert hash(Windows(3)) != hash(Windows(4))
