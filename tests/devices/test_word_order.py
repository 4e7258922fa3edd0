"""Tables in the order of the words, from every mesh."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from small_layouts import WORDS, layout_of

from jaxw2v.devices import word_order
from jaxw2v.devices.storage_order import num_rows, word_of_row
from jaxw2v.devices.word_order import in_word_order

ROWS = num_rows(WORDS)


@pytest.mark.parametrize("at_once", [1_024, 50])
@pytest.mark.parametrize("mesh", [None, "8x1", "1x8", "2x4", "2x2x2"])
def test_each_row_is_its_words(monkeypatch, mesh, at_once):
    monkeypatch.setattr(word_order, "ROWS_AT_ONCE", at_once)
    layout = layout_of(mesh)
    shards = layout.row_shards

    def table():
        words = word_of_row(jnp.arange(ROWS), WORDS) + 1
        return jnp.stack([words, -words], axis=1).astype(jnp.float32)

    part = PartitionSpec(shards.vocab or None)
    program = layout.program(
        lambda table: in_word_order(table, shards),
        (part,),
        part if shards.vocab else PartitionSpec(),
    )
    ordered = np.asarray(program(layout.make(table)))
    np.testing.assert_array_equal(ordered[:WORDS, 0], 1 + np.arange(WORDS))
    np.testing.assert_array_equal(ordered[:WORDS, 1], -1 - np.arange(WORDS))
    assert not ordered[WORDS:].any()
    assert len(ordered) == (ROWS if shards.vocab else WORDS)
