"""What Orbax leaves behind is kept away, and what is not Orbax's reaches whom it reached."""

import logging
import sys
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


def test_errors_of_others_pass_while_those_of_orbax_are_dropped(monkeypatch):
    heard: list[Any] = []

    def hook(unraisable):
        heard.append(str(unraisable.exc_value))

    monkeypatch.setattr(sys, "unraisablehook", hook)
    monkeypatch.setattr(quiet_orbax, "LISTEN", 1.0)

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
    began = time.monotonic()
    while sys.unraisablehook is not hook and time.monotonic() < began + 20:
        time.sleep(0.01)
    report("after", "site-packages/orbax/checkpoint.py")
    assert heard == ["mine", "after"]
