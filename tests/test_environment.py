"""What the machine lacks is said in one line, and what belongs to the process is left as it was."""

import logging
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import jax
import pytest

import jaxw2v
from jaxw2v.cli import main
from jaxw2v.devices.host import on_host
from jaxw2v.training.checkpoints import quiet_orbax

PROGRAM = [sys.executable, "-m", "jaxw2v"]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("one two three four\n" * 300)
    return str(path)


def last_line(words, code, **given):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **given)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    return done.stderr.replace("\r", "\n").splitlines()[-1]


@pytest.mark.slow
def test_a_device_that_is_not_there(corpus, tmp_path):
    no_gpu = os.environ | {"JAX_PLATFORMS": "cuda"}
    train = [*PROGRAM, "train", corpus, "--out", str(tmp_path / "out")]
    assert "JAX_PLATFORMS is 'cuda'" in last_line(train, 2, env=no_gpu)
    assert not (tmp_path / "out").exists()
    assert "JAX_PLATFORMS" in last_line([*PROGRAM, "neighbors", corpus, "one"], 2, env=no_gpu)


@pytest.mark.slow
def test_memory_that_is_not_there(corpus, tmp_path):
    words = [*PROGRAM, "train", corpus, "--out", str(tmp_path / "out")]
    command = " ".join([*words, "--embedding-dim", "100000000"])
    line = last_line(f"ulimit -v 8000000; exec {command}", 2, shell=True)
    assert "the device is out of memory; give a smaller --embedding-dim" in line


def test_a_process_that_may_use_accelerators_only(monkeypatch):
    assert on_host().device_set == {jax.devices("cpu")[0]}
    other = SimpleNamespace(platform="gpu")

    def devices(backend=None):
        if backend == "cpu":
            raise RuntimeError("Unknown backend cpu")
        return [other]

    monkeypatch.setattr("jax.local_devices", devices)
    monkeypatch.setattr("jaxw2v.devices.host.SingleDeviceSharding", lambda device: device)
    assert on_host() is other


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jaxw2v {jaxw2v.__version__}\n"


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


@pytest.mark.slow
def test_settings_that_are_no_object(corpus, tmp_path, capsys):
    out = tmp_path / "out"
    train = ["train", corpus, "--out", str(out), "--embedding-dim", "4", "--epochs", "1"]
    assert main([*train, "--keep-checkpoints", "0"]) == 0
    (out / "config.json").write_text("[]")
    assert main([*train, "--resume"]) == 2
    assert "config.json: holds no settings" in capsys.readouterr().err
