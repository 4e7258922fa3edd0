"""What the machine lacks is said in one line, and what belongs to the process is left as it was."""

import os
import subprocess
import sys

import pytest

import jaxw2v
from jaxw2v.cli import main

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
    # A machine that has it lets the process have less; no machine has the second.
    command = " ".join([*words, "--embedding-dim", "2000000"])
    line = last_line(f"ulimit -v 4000000; exec {command}", 2, shell=True)
    assert "the device is out of memory; give a smaller --embedding-dim" in line
    line = last_line([*words, "--embedding-dim", "2147483647"], 2)
    assert "the tables need" in line
    assert "GiB; give a smaller --embedding-dim" in line


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jaxw2v {jaxw2v.__version__}\n"


@pytest.mark.slow
def test_settings_that_are_no_object(corpus, tmp_path, capsys):
    out = tmp_path / "out"
    train = ["train", corpus, "--out", str(out), "--embedding-dim", "4", "--epochs", "1"]
    assert main([*train, "--keep-checkpoints", "0"]) == 0
    (out / "config.json").write_text("[]")
    assert main([*train, "--resume"]) == 2
    assert "config.json: holds no settings" in capsys.readouterr().err
