"""What Orbax leaves behind is kept away, and what is not Orbax's reaches whom it reached."""

import logging
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from jaxw2v.cli import main
from jaxw2v.training.checkpoints import quiet_orbax


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("one two three four\n" * 300)
    return str(path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*passed over:RuntimeWarning")
def test_loggers_and_hooks_of_the_process_are_as_they_were(corpus, tmp_path, monkeypatch):
    late: list[Any] = []
    hook, level = late.append, logging.getLogger("absl").level
    monkeypatch.setattr(quiet_orbax, "LISTEN", 1.0)
    monkeypatch.setattr(sys, "unraisablehook", hook)
    filters = [lambda record: True]
    monkeypatch.setattr(logging.getLogger("asyncio"), "filters", list(filters))
    out = tmp_path / "out"
    train = ["train", corpus, "--out", str(out), "--embedding-dim", "4", "--epochs", "1"]
    assert main(train) == 0
    (step,) = (path for path in (out / "checkpoints").iterdir() if path.name.isdecimal())
    for path in step.rglob("*"):
        if path.is_file() and path.parent.name == "d":
            path.write_bytes(b"damaged")
    assert main(["neighbors", str(out), "one", "--checkpoint", "last"]) == 2
    began = time.monotonic()
    while sys.unraisablehook is not hook and time.monotonic() < began + 20:
        time.sleep(0.05)
    assert sys.unraisablehook is hook
    assert logging.getLogger("absl").level == level
    assert logging.getLogger("asyncio").filters == filters
    assert {str(one.exc_value) for one in late} <= {"Event loop is closed"}


def report(text, file):
    """As Python reports an error of a task that nobody asks for."""
    code = SimpleNamespace(co_filename=file)
    sys.unraisablehook(
        SimpleNamespace(object=SimpleNamespace(cr_code=code), exc_value=RuntimeError(text))
    )


@pytest.fixture
def clock(monkeypatch):
    """The clock that `quiet_orbax` reads and the calls it put off, which no real time moves."""
    clock = SimpleNamespace(now=100.0, later=[])

    def put_off(seconds, call):
        def start():
            clock.later.append((clock.now + seconds, call))

        return SimpleNamespace(start=start, daemon=False)

    timers = SimpleNamespace(Timer=put_off, Lock=threading.Lock)
    monkeypatch.setattr(quiet_orbax, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(quiet_orbax, "threading", timers)
    return clock


def test_errors_of_others_pass_while_those_of_orbax_are_dropped(monkeypatch, clock):
    heard: list[Any] = []

    def hook(unraisable):
        heard.append(str(unraisable.exc_value))

    monkeypatch.setattr(sys, "unraisablehook", hook)

    def read():
        with quiet_orbax.quiet_orbax():
            report("read", "site-packages/orbax/checkpoint.py")
        report("Event loop is closed", "base_events.py")
        report("mine", "mine.py")
        assert logging.root.manager.disable == logging.CRITICAL
        raise KeyError

    with pytest.raises(KeyError), quiet_orbax.quiet_orbax():
        read()
    assert logging.root.manager.disable == 0
    report("read later", "site-packages/orbax/checkpoint.py")
    ((due, give_back),) = clock.later
    assert due == 100.0 + quiet_orbax.LISTEN
    clock.now = due - 1
    give_back()
    report("read much later", "site-packages/orbax/checkpoint.py")
    ((_, _), (due, give_back)) = clock.later
    clock.now = due
    give_back()
    assert sys.unraisablehook is hook
    report("after", "site-packages/orbax/checkpoint.py")
    assert heard == ["mine", "after"]
