"""When a run is saved, with writers made up for this."""

from types import SimpleNamespace

import pytest

from jaxw2v.config import Checkpointing
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.loop import saves
from jaxw2v.training.loop.saves import Saves


class Written(list):
    """Stands for the writer of checkpoints."""

    def __init__(self, folder, vocabulary, phrases, keep, common, last):
        self.keep, self.common, self.last, self.closed = keep, common, last, False
        super().__init__()

    def save(self, step, make_arrays, record, best):
        assert make_arrays() == {"rows": "key"}
        self.append((step, record["position"]["epoch"], best))

    def wait(self):
        self.append("waited")

    def close(self):
        self.closed = True


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(saves.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(saves, "Checkpoints", Written)
    monkeypatch.setattr(saves, "to_arrays", lambda state, key: {state: key})
    return now


def make(tmp_path, last=None, **settings):
    stream = SimpleNamespace(vocabulary=None, phrases=None)
    engine = SimpleNamespace(state_by_rows=lambda: "rows", key="key")
    return Saves(tmp_path / "c", stream, Checkpointing(**settings), engine, {"facts": 1}, last)


def record(epoch, steps, loss=None):
    found = {"epoch": epoch, "steps": steps}
    return found if loss is None else found | {"validation_loss": loss}


def test_steps_and_minutes_are_counted_from_the_last_save(tmp_path, clock):
    found = make(tmp_path, checkpoint_steps=100, checkpoint_minutes=2)
    assert not found.due(99)
    assert found.due(100)
    found.save(Cursor(steps=130))
    assert not found.due(229)
    clock[0] = 119
    assert not found.due(131)
    clock[0] = 120
    assert found.due(131)
    resumed = make(tmp_path, last=500, checkpoint_steps=100, checkpoint_minutes=None)
    clock[0] = 10**6
    assert [resumed.due(n) for n in (599, 600)] == [False, True]


def test_epochs_and_the_best_of_them_are_saved(tmp_path, clock):
    found = make(tmp_path, checkpoint_epochs=2)
    cursor = Cursor()
    for epoch, loss in enumerate([3.0, 2.0, 2.5, 1.0, 1.5], 1):
        cursor = Cursor(cursor.epoch, steps=10 * epoch, metrics=cursor.metrics)
        cursor = cursor.after(record(epoch, 10 * epoch, loss))
        found.after_epoch(cursor)
    assert found._checkpoints == [(10, 1, 10), (20, 2, 20), (40, 4, 40)]
    plain = make(tmp_path, checkpoint_epochs=2)
    for epoch in (1, 2, 3, 4):
        plain.after_epoch(Cursor(epoch, steps=epoch, metrics=(record(epoch, epoch),)))
    assert [saved[0] for saved in plain._checkpoints] == [2, 4]


def test_checkpoints_of_a_run_that_is_replaced_go_when_there_is_something_new(
    tmp_path, clock, monkeypatch
):
    removed = []
    monkeypatch.setattr(saves, "remove_checkpoints", removed.append)
    new = make(tmp_path)
    assert removed == []
    new.save(Cursor(steps=1))
    new.save(Cursor(steps=2))
    assert removed == [tmp_path / "c"]
    make(tmp_path, last=7).forget_old()
    assert removed == [tmp_path / "c"]


def test_a_run_that_saves_none_is_never_due(tmp_path, clock):
    none = make(tmp_path, keep_checkpoints=0)
    assert not none.on
    assert not none.due(10**9)
    none.save(Cursor(steps=1))
    none.wait()
    with none:
        pass


def test_all_is_written_at_the_end(tmp_path, clock):
    found = make(tmp_path, keep_checkpoints=3)
    with found:
        found.wait()
    assert found.on
    assert found._checkpoints == ["waited"]
    assert found._checkpoints.closed
    assert (found._checkpoints.keep, found._checkpoints.common) == (3, {"facts": 1})
