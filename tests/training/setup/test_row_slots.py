"""Slots always suffice, and a table is swept where that is half of the traffic."""

import pytest

from jaxw2v.training.setup.row_slots import capacity, is_swept


@pytest.mark.parametrize("num_ids", [1, 7, 1_000, 65_536])
@pytest.mark.parametrize("num_rows", [256, 3_072, 80_128])
@pytest.mark.parametrize("rows_per_pass", [1, 100, 2_048, 10**6])
def test_slots_suffice_and_end_with_a_pass(num_ids, num_rows, rows_per_pass):
    slots = capacity(num_ids, num_rows, rows_per_pass)
    touched = min(num_ids, num_rows)
    assert touched <= slots < touched + min(rows_per_pass, touched)
    assert slots % min(rows_per_pass, touched) == 0


def test_a_sweep_takes_one_pass_and_half_as_many_ids_as_rows():
    assert is_swept(500, 1_000, 1_000)
    assert not is_swept(499, 1_000, 1_000)
    assert not is_swept(500, 1_000, 999)
