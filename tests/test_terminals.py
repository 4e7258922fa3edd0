"""What a terminal or a pipe does decides neither that a run ends nor that it succeeds."""

import os
import pty
import signal
import subprocess
import sys

import numpy as np
import pytest

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary

PROGRAM = [sys.executable, "-m", "jaxw2v"]
EPOCHS = 30


@pytest.fixture
def train(tmp_path):
    """The words of a run of some seconds."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(20)]
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(" ".join(rng.choice(words, 20)) for _ in range(400)))
    options = f"--embedding-dim 4 --epochs {EPOCHS} --min-count 1".split()
    return [*PROGRAM, "train", str(path), "--out", str(tmp_path / "out"), *options]


def assert_complete(tmp_path):
    lines = (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == EPOCHS
    assert any(path.name.isdecimal() for path in (tmp_path / "out" / "checkpoints").iterdir())


@pytest.mark.slow
def test_a_pipe_whose_reader_goes_away(train, tmp_path):
    with subprocess.Popen(train, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while b"epoch 1:" not in process.stdout.readline():
            pass
        process.stdout.close()
        assert process.wait(timeout=120) == 0
    assert_complete(tmp_path)


@pytest.mark.slow
def test_a_terminal_that_goes_away(train, tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        train,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"epoch 1:" not in seen:
        seen += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(timeout=120) == 0
    assert_complete(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "closed",
    [
        pytest.param("2>&-", marks=pytest.mark.lengthy),
        pytest.param(">&-", marks=pytest.mark.lengthy),
        ">&- 2>&-",
        ">/dev/full 2>/dev/full",
    ],
)
def test_streams_that_are_closed_or_full(train, tmp_path, closed):
    command = " ".join(train) + " " + closed
    assert subprocess.run(command, shell=True, timeout=120, check=False).returncode == 0
    assert_complete(tmp_path)


@pytest.mark.slow
def test_sighup_saves_the_run(train, tmp_path):
    process = subprocess.Popen(
        [*train[:-3], "100000", *train[-2:]], stderr=subprocess.PIPE, text=True
    )
    while "epoch 1:" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "--resume goes on from step" in err.splitlines()[-1]
    assert any(path.name.isdecimal() for path in (tmp_path / "out" / "checkpoints").iterdir())


@pytest.fixture
def vectors(tmp_path):
    words = Vocabulary.from_counts(["king", "żółw"], [2, 1])
    WordVectors(words, np.array([[1.0, 0.2], [0.9, 0.1]])).save(tmp_path / "v")
    return [*PROGRAM, "neighbors", str(tmp_path / "v"), "king"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "closed")],
)
def test_a_result_that_cannot_be_written_is_an_error(vectors, where, reason):
    done = subprocess.run(
        " ".join(vectors) + where, shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("jaxw2v: error: standard output")
    assert reason in line


@pytest.mark.slow
def test_help_that_nobody_reads():
    for where, code in ((">&-", 0), (">/dev/full", 1)):
        command = " ".join([*PROGRAM, "--help", where])
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_result_whose_reader_has_gone(vectors):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(vectors, text=True, **pipes) as process:
        process.stdout.close()
        assert len(process.stderr.read().splitlines()) == 1
        assert process.wait(timeout=60) == 1


@pytest.mark.slow
def test_what_a_terminal_cannot_show_is_escaped(vectors, train, tmp_path):
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(vectors, capture_output=True, text=True, env=ascii_only, check=True)
    assert r"\u017c\xf3\u0142w" in done.stdout
    done = subprocess.run(
        [*vectors[:-1], "żółwik"], capture_output=True, text=True, env=ascii_only, check=False
    )
    assert done.returncode == 2
    assert r"\u017c\xf3\u0142wik" in done.stderr


@pytest.mark.slow
def test_signals_that_nohup_ignores_end_no_run(train, tmp_path):
    command = f"trap '' HUP INT; exec {' '.join(train)}"
    with subprocess.Popen(command, shell=True, stderr=subprocess.PIPE, text=True) as process:
        while "epoch 1:" not in process.stderr.readline():
            pass
        for number in (signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        assert process.communicate(timeout=120)
        assert process.returncode == 0
    assert_complete(tmp_path)
