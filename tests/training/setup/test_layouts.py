"""Which mesh a job is laid over where none is asked for."""

import dataclasses

import optax
import pytest
from compiled import big_job

from jaxw2v.training.objectives import Objective, make_objective
from jaxw2v.training.objectives.output_layer import OutputLayer
from jaxw2v.training.setup.job import make_job
from jaxw2v.training.setup.layouts import meshes


def best(count, by_columns=True, **settings):
    return meshes(big_job(100_000, **settings), count, by_columns)[0]


@pytest.mark.parametrize(
    ("dim", "expected"), [(300, (1, 1, 8)), (256, (1, 1, 8)), (128, (2, 1, 4)), (63, (8, 1, 1))]
)
def test_columns_are_shared_out_while_they_fill_a_line_of_memory(dim, expected):
    assert best(8, embedding_dim=dim) == expected


def test_further_devices_hold_copies():
    assert best(64, embedding_dim=300) == (8, 1, 8)


def test_rows_come_last():
    shapes = meshes(big_job(100_000, embedding_dim=300), 8, by_columns=False)
    assert shapes == [(8, 1, 1), (4, 2, 1), (2, 4, 1), (1, 8, 1)]


def test_what_travels_decides():
    job = big_job(100_000, embedding_dim=300)
    travels = [sum(job.footprint(shape).traffic().values()) for shape in meshes(job, 8, True)]
    assert travels == sorted(travels)
    assert len(set(travels)) == len(travels)


def test_exact_softmax_has_no_columns_to_share():
    shapes = meshes(big_job(4_000, embedding_dim=300, output_layer="softmax"), 8, True)
    assert {shape[2] for shape in shapes} == {1}
    assert (1, 8, 1) in shapes


class WholeTable(OutputLayer):
    reads_every_row = True

    def rows_per_block(self, block_length, constants):
        return block_length

    def loss(self, constants, ids, hidden, rows, target_mask):
        return hidden.sum()


def test_a_layer_or_an_optimizer_that_needs_whole_tables_gets_copies():
    job = big_job(4_000, embedding_dim=300)
    counts = job.keep * 100 + 5
    layer = Objective(make_objective(job.config).input_layer, WholeTable())
    assert meshes(make_job(job.config, counts, objective=layer), 8, True) == [(8, 1, 1)]
    by_all = optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1))
    config = dataclasses.replace(job.config, row_updates="auto")
    assert meshes(make_job(config, counts, by_all), 8, True) == [(8, 1, 1)]
