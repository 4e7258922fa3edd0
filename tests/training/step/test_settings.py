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


def test_pieces_are_for_a_device_alone_and_for_rows_of_a_table():
    def pieces(shards, on_cpu=True, **config):
        job = make_job(Config(tokens_per_step=4_096, **config), COUNTS * 100, on_cpu=on_cpu)
        return StepSettings.of(job, shards).pieces

    alone = Shards(300)
    assert pieces(alone) == 2
    assert pieces(alone, on_cpu=False) == 1
    assert pieces(Shards(300, ("data",))) == 1
    assert pieces(alone, output_layer="softmax") == 1
