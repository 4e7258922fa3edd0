"""The learning rate."""

import pytest

from jaxw2v.training.setup.schedule import linear_decay


def test_the_learning_rate_that_is_shown_waits_for_no_device():
    assert linear_decay(0.5, 0.1)(0.25) == pytest.approx(0.4)
    assert isinstance(linear_decay(0.5, 0.1)(0.25), float)
