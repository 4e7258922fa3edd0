"""The static part of a step, for the devices that it is for."""

import numpy as np
import pytest

from jaxw2v import Config, InputError
from jaxw2v.devices.shards import Shards
from jaxw2v.training import make_job
from jaxw2v.training.step.settings import StepSettings

COUNTS = np.arange(300, 0, -1)


def settings(shards, **config):
    return StepSettings.of(make_job(Config(**config), COUNTS, on_cpu=True), shards)


def test_they_are_those_of_the_run():
    job = make_job(Config(row_updates="dense"), COUNTS, on_cpu=True)
    found = StepSettings.of(job, Shards(300))
    assert found.objective == job.objective
    assert found.blocks_per_micro_batch == job.plan.blocks_per_micro_batch
    assert found.rows_per_pass == job.plan.rows_per_pass
    assert found.dense
    assert not settings(Shards(300), row_updates="sparse").dense


def test_layers_know_the_axes_that_they_need():
    columns = Shards(300, (), (), ("dim",))
    assert settings(columns).objective.output_layer.axis_name == ("dim",)
    rows = Shards(300, (), ("vocab",))
    found = settings(rows, output_layer="softmax").objective.output_layer
    assert found.rows_axis_name == ("vocab",)
    with pytest.raises(InputError, match="ExactSoftmax needs whole rows"):
        settings(columns, output_layer="softmax")
