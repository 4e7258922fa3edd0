"""Parts of an objective that do not fit together are named before anything is computed."""

import jax.numpy as jnp
import pytest
from objective_cases import CASES, COUNTS, V

from jaxw2v import Config, InputError
from jaxw2v.training.objectives import (
    InputLayer,
    LayerConstants,
    OutputLayer,
    Windows,
    make_objective,
)
from jaxw2v.training.objectives.shapes import check_shapes

SMALL = Config(block_length=8, embedding_dim=4)


def check(objective, config=SMALL):
    constants = LayerConstants(
        objective.input_layer.constants(COUNTS), objective.output_layer.constants(COUNTS)
    )
    check_shapes(objective, constants, config, V)


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_the_objectives_of_the_package_fit(case):
    config = Config(block_length=8, embedding_dim=4, **case)
    check(make_objective(config), config)


class Rows(InputLayer):
    rows, hidden_shape, targets_shape = 8, (2, 8, 4), (2, 8)

    def rows_per_block(self, block_length, constants):
        return self.rows

    def hidden(self, constants, ids, rows, pairs):
        return jnp.zeros(self.hidden_shape)

    def targets(self, pairs):
        return jnp.zeros(self.targets_shape)


class Scores(OutputLayer):
    rows, drawn, total = 8, (2, 3), ()

    def rows_per_block(self, block_length, constants):
        return self.rows

    def draw(self, key, constants, numbers):
        return jnp.zeros(self.drawn)

    def row_ids(self, constants, ids, draws):
        return ids

    def loss(self, constants, ids, hidden, rows, target_mask):
        return jnp.zeros(self.total)


class Pairs(Windows):
    def pairs(self, bounds):
        return super().pairs(bounds)[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"windows": Pairs(3)}, r"Pairs.pairs gives an array \[8, 8\] for 2 blocks; return"),
        ({"rows_in": 9}, r"Rows.row_ids gives an array \[2, 8\] for 2 blocks; .* \[2, 9\]"),
        ({"hidden": (2, 8)}, r"Rows.hidden gives an array \[2, 8\] .* here \[2, 8, 4\]"),
        ({"targets": (2, 8, 9)}, r"Rows.targets gives an array \[2, 8, 9\]"),
        ({"targets": (2,)}, r"Rows.targets gives an array \[2\]"),
        ({"drawn": (3, 3)}, r"Scores.draw gives an array \[3, 3\] .* here \[2, 3\]"),
        ({"rows_out": 7}, r"Scores.row_ids gives an array \[2, 8\] .* here \[2, 7\]"),
        ({"total": (2,)}, r"Scores.loss gives an array \[2\] .* the sum over all pairs"),
    ],
)
def test_the_method_and_its_shape_are_named(changes, message):
    inputs, outputs = Rows(), Scores()
    inputs.rows = changes.get("rows_in", Rows.rows)
    inputs.hidden_shape = changes.get("hidden", Rows.hidden_shape)
    inputs.targets_shape = changes.get("targets", Rows.targets_shape)
    outputs.rows = changes.get("rows_out", Scores.rows)
    outputs.drawn = changes.get("drawn", Scores.drawn)
    outputs.total = changes.get("total", Scores.total)
    objective = make_objective(Config())._replace(
        input_layer=inputs, output_layer=outputs, windows=changes.get("windows", Windows(3))
    )
    with pytest.raises(InputError, match=message):
        check(objective)


def test_what_fits_passes():
    fits = make_objective(Config())._replace(
        input_layer=Rows(), output_layer=Scores(), windows=Windows(3)
    )
    check(fits)
