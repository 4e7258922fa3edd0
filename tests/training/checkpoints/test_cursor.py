"""Where a run stands."""

import json

import pytest

from jaxw2v.training.checkpoints.cursor import Cursor


def record(epoch, validation_loss=None):
    found = {"epoch": epoch, "loss": 3.0 - epoch}
    return found if validation_loss is None else found | {"validation_loss": validation_loss}


def test_an_epoch_ends_with_its_record():
    middle = Cursor(1, 7, 40, (3.5, 2.0, 4.0), 1.25, (record(1),))
    after = middle.after(record(2))
    assert after == Cursor(2, 0, 40, (0.0, 0.0, 0.0), 0.0, (record(1), record(2)))


def test_json_reads_back():
    cursor = Cursor(1, 7, 40, (3.5, 2.0, 4.0), 1.25, (record(1, 2.5),))
    assert Cursor.from_json(json.loads(json.dumps(cursor.to_json()))) == cursor
    assert Cursor.from_json(json.loads(json.dumps(Cursor().to_json()))) == Cursor()


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([], None),
        ([None, None], None),
        ([2.0, 1.0, 1.5], 2),
        ([2.0, 1.0, 1.0], 2),
        ([None, 3.0], 2),
    ],
)
def test_the_best_is_the_first_of_the_smallest(losses, best):
    cursor = Cursor()
    for epoch, loss in enumerate(losses, 1):
        cursor = cursor.after(record(epoch, loss))
    assert (cursor.best and cursor.best["epoch"]) == best
