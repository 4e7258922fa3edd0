"""Rows are changed where they lie."""

import jax.numpy as jnp
import numpy as np
import pytest
from small_layouts import WORDS, layout_of

from jaxw2v.devices.storage_order import num_rows, word_of_row
from jaxw2v.training.starts.start import change_rows


@pytest.mark.parametrize("mesh", [None, "8x1", "1x8", "2x4"])
def test_each_row_is_changed_once_and_stays_on_its_device(mesh):
    rows = num_rows(WORDS)
    layout = layout_of(mesh)
    array = layout.make(lambda: jnp.ones((rows, 3)))
    seen = []

    def change(words, part):
        seen.append(words)
        part[words < WORDS] *= words[words < WORDS, None]
        part[words >= WORDS] = -1

    found = change_rows(array, WORDS, change)
    words = word_of_row(np.arange(rows), WORDS)
    expected = np.where(words < WORDS, words, -1)
    np.testing.assert_array_equal(found, np.repeat(expected[:, None], 3, axis=1))
    assert found.sharding == array.sharding
    # A device at a time; along data each has a copy of its own.
    assert len(seen) == layout.num_devices
    assert max(map(len, seen)) == rows // layout.shape[1]
    assert np.asarray(array).min() == 1
