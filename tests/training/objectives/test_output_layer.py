"""What every output layer offers unless it says otherwise, and where it is refused."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v import InputError
from jaxw2v.training.objectives.output_layer import OutputLayer


class Squares(OutputLayer):
    """Hidden vectors are to be the rows."""

    def rows_per_block(self, block_length, constants):
        return block_length

    def loss(self, constants, ids, hidden, rows, target_mask):
        return jnp.where(target_mask[..., None], (hidden - rows) ** 2, 0).sum()


@dataclasses.dataclass(frozen=True)
class ByColumns(Squares):
    axis_name: tuple = ()


@dataclasses.dataclass(frozen=True)
class WholeTable(Squares):
    reads_every_row = True
    rows_axis_name: tuple = ()


def test_a_loss_has_its_gradients():
    rng = np.random.default_rng(0)
    hidden, rows = (jnp.asarray(rng.normal(size=(2, 3, 4)), jnp.float32) for _ in range(2))
    mask = jnp.asarray(rng.random((2, 3)) < 0.5)
    found = Squares().gradients((), None, hidden, rows, mask)
    expected = jnp.where(mask[..., None], 2 * (hidden - rows), 0)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    np.testing.assert_allclose(found[1], -expected, rtol=1e-5)


def test_what_is_not_said_is_nothing_drawn_all_pairs_at_once_and_the_whole_table():
    layer, mask = Squares(), jnp.ones((2, 3), bool)
    assert layer.constants(np.ones(5)) == layer.draw(jax.random.key(0), (), jnp.arange(2)) == ()
    assert layer.row_ids((), jnp.zeros((2, 3), int), ()) is None
    assert layer.parts(mask) == 1
    assert layer.part((), mask, jnp.int32(0)) == ((), mask)
    assert layer.scores_per_block(8, (), own_word=False) == 64


def test_devices_share_out_columns_or_rows_where_a_layer_knows_their_axes():
    assert ByColumns().across(("dim",)) == ByColumns(("dim",))
    assert WholeTable().across_rows(("vocab",)) == WholeTable(("vocab",))
    plain = Squares()
    assert plain.across_rows(("vocab",)) is plain
    for layer in (plain, WholeTable()):
        name = type(layer).__name__
        with pytest.raises(InputError, match=f"output layer {name} needs whole rows, and a mesh"):
            layer.across(("dim",))

    class Refused(Squares):
        reads_every_row = True

    with pytest.raises(InputError, match="output layer Refused reads every row and needs whole"):
        Refused().across_rows(("vocab",))
