"""Many processes on this machine, started by the test, joined by gloo."""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file
from zipf import zipf_sentences

from jaxw2v import Config, InputError
from jaxw2v.cli import main
from jaxw2v.corpus import TokenStream, Vocabulary
from jaxw2v.devices import processes
from jaxw2v.devices.processes import HEARTBEAT_SECONDS, check_devices, join
from jaxw2v.training.checkpoints.identity import RunIdentity

pytestmark = pytest.mark.slow

SETTINGS = ["--min-count", "1", "--embedding-dim", "8", "--tokens-per-step", "512"]
SECONDS = 120


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "corpus.txt"
    path.write_text("\n".join(map(" ".join, zipf_sentences(300, 12, 800))))
    return path


def start(arguments, devices, **options):
    """A process with some virtual devices of its own."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "jaxw2v", "train", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def start_many(count, devices, *arguments, extra=None):
    """Processes of one run; ``extra`` are arguments of the last one only."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    joined = ["--distributed", "--coordinator", f"localhost:{port}", "--num-processes", count]
    return [
        start(
            [*(extra or [] if i == count - 1 else []), *arguments, *joined, "--process-id", i],
            devices,
        )
        for i in range(count)
    ]


def finish(running, timeout=SECONDS):
    """Exit codes and what was printed."""
    try:
        printed = [process.communicate(timeout=timeout)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    return [process.returncode for process in running], printed


def train_alone(*arguments):
    """In the process of the test, which has 8 devices."""
    assert main(["train", *map(str, arguments), "--no-compilation-cache"]) == 0


def arguments_for(corpus, mesh):
    arguments = [corpus, *SETTINGS, "--epochs", 2, "--validation-share", 0.1]
    return [*arguments, "--probe-words", "w1", "--mesh", mesh, "--checkpoint-epochs", 1]


def train_many_and_alone(corpus, folder, count, devices, mesh):
    """What the processes printed; their run is "many" in the folder, that of one "alone"."""
    arguments = arguments_for(corpus, mesh)
    codes, printed = finish(start_many(count, devices, *arguments, "--out", folder / "many"))
    assert codes == [0] * count, printed
    train_alone(*arguments, "--out", folder / "alone")
    return printed


@pytest.fixture(scope="module")
def two(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    return folder, train_many_and_alone(corpus, folder, 2, 2, "2x2")


def check_bits(folder, printed):
    vectors = [load_file(folder / name / "vectors.safetensors") for name in ("many", "alone")]
    for name, table in vectors[1].items():
        np.testing.assert_array_equal(vectors[0][name], table)
        assert np.abs(table).max() > 0.01
    assert "epoch 2" in printed[0]
    assert "300 vectors of 8 components" in printed[0]
    for others in printed[1:]:
        assert "epoch" not in others
        assert "vectors of" not in others
    names = {path.name for path in (folder / "many").iterdir()}
    assert names == {
        "checkpoints",
        "config.json",
        "jaxw2v.json",
        "metrics.jsonl",
        "vectors.safetensors",
        "vocabulary.tsv",
    }


def test_two_processes_give_the_bits_of_one(two):
    check_bits(*two)


@pytest.mark.lengthy
def test_four_processes_give_the_bits_of_one(corpus, tmp_path):
    check_bits(tmp_path, train_many_and_alone(corpus, tmp_path, 4, 1, "1x4"))


@pytest.mark.filterwarnings("ignore:mesh 1x1x2 leaves 4 columns")
def test_processes_share_out_columns(corpus, tmp_path):
    """The same vectors as one process with as many devices, and they go on as rows."""
    check_bits(tmp_path, train_many_and_alone(corpus, tmp_path, 2, 1, "1x1x2"))


def test_what_processes_have_saved_goes_on_alone(corpus, two, tmp_path):
    """From the checkpoint before the last if a file is lost."""
    for name in ("many", "alone"):
        shutil.copytree(two[0] / name, tmp_path / name)
    newest = max(
        (tmp_path / "many" / "checkpoints").glob("[0-9]*"), key=lambda path: int(path.name)
    )
    for file in newest.glob("state/ocdbt.process_1/d/*"):
        file.unlink()
    arguments = arguments_for(corpus, "2x2")
    again = start_many(2, 2, *arguments, "--resume", "--out", tmp_path / "many")
    codes, printed = finish(again)
    assert codes == [0, 0], printed
    assert f"checkpoints/{newest.name}: passed over" in "".join(printed)
    for name in ("many", "alone"):
        train_alone(*arguments, "--epochs", 3, "--resume", "--out", tmp_path / name)
    contents = [
        (tmp_path / name / "vectors.safetensors").read_bytes() for name in ("many", "alone")
    ]
    assert contents[0] == contents[1]


def wait_for_training(folder, running):
    """Until the first epoch has been written."""
    for _ in range(10 * SECONDS):
        if (folder / "metrics.jsonl").exists():
            return
        assert all(process.poll() is None for process in running)
        time.sleep(0.1)
    raise TimeoutError("training did not start")


def test_a_killed_process_ends_the_others(corpus, tmp_path):
    """At once; in the middle of a save, whose barriers JAX ends, by the heartbeat."""
    arguments = [corpus, *SETTINGS, "--epochs", 10_000, "--keep-checkpoints", 0]
    both = start_many(2, 1, *arguments, "--out", tmp_path / "o")
    wait_for_training(tmp_path / "o", both)
    both[1].kill()
    sent = time.perf_counter()
    codes, printed = finish(both)
    assert time.perf_counter() - sent < HEARTBEAT_SECONDS / 2
    # JAX itself may be first to notice, and aborts.
    assert codes[0] in (1, -signal.SIGABRT)
    assert re.search("another process of this run|another task died", printed[0])
    assert len(load_file(tmp_path / "o" / "vectors.safetensors")["input_embedding"]) == 300


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGTERM, id="terminated"),
        pytest.param(signal.SIGINT, id="ctrl-c", marks=pytest.mark.lengthy),
    ],
)
def test_a_signal_to_one_process_saves_and_ends_all(corpus, tmp_path, number):
    both = start_many(2, 1, corpus, *SETTINGS, "--epochs", 10_000, "--out", tmp_path / "o")
    wait_for_training(tmp_path / "o", both)
    both[1].send_signal(number)
    codes, printed = finish(both)
    assert codes == [130, 130], printed
    step = max(
        int(p.name) for p in (tmp_path / "o" / "checkpoints").iterdir() if p.name.isdecimal()
    )
    for text in printed:
        assert f"--resume goes on from step {step:,}" in text
        assert "Traceback" not in text
    assert len(load_file(tmp_path / "o" / "vectors.safetensors")["input_embedding"]) == 300


@pytest.mark.lengthy
def test_a_hung_process_is_noticed_by_its_heartbeat(corpus, tmp_path):
    both = start_many(2, 1, corpus, *SETTINGS, "--epochs", 10_000, "--out", tmp_path / "o")
    wait_for_training(tmp_path / "o", both)
    both[1].send_signal(signal.SIGSTOP)
    sent = time.perf_counter()
    try:
        codes, printed = finish(both[:1], 3 * HEARTBEAT_SECONDS)
    finally:
        both[1].kill()
        both[1].communicate()
    assert time.perf_counter() - sent < 2 * HEARTBEAT_SECONDS
    assert codes[0] != 0
    assert "stopped sending heartbeats" in printed[0]


@pytest.mark.parametrize(
    ("extra", "what"),
    [
        pytest.param(["--seed", "2"], "settings", id="settings"),
        pytest.param(["--mesh", "1x2"], "settings", id="mesh", marks=pytest.mark.lengthy),
        pytest.param(["other"], "vocabulary", id="text"),
    ],
)
def test_processes_that_disagree_stop_before_they_train(corpus, tmp_path, extra, what):
    (tmp_path / "other").write_text("some words that the first process has not\n" * 99)
    if what == "vocabulary":
        extra = [tmp_path / "other"]
    codes, printed = finish(
        start_many(2, 1, corpus, *SETTINGS, "--out", tmp_path / "o", extra=extra)
    )
    assert codes == [2, 2], printed
    for text in printed:
        assert f"processes disagree about the {what}: process 1 against process 0" in text
        assert "Traceback" not in text
    assert not (tmp_path / "o").exists()


def test_a_process_that_finds_no_others_is_refused(corpus):
    codes, printed = finish([start([corpus, "--distributed"], 1)])
    assert codes == [2]
    assert "cannot join" in printed[0]
    assert "Traceback" not in printed[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--coordinator", "localhost:1"], "--distributed only"),
        (["--distributed", "--process-id", "0"], "needs --"),
    ],
)
def test_places_that_make_no_sense_are_refused(corpus, arguments, message, capsys):
    assert main(["train", str(corpus), *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


START = "vectors or run it starts from"


OTHERS = [
    "code",
    "settings",
    "version of JAX or jaxlib",
    "text",
    "validation text",
    "layers",
    "huffman tree",
    START,
]


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_differs_is_named(what, monkeypatch):
    """The other process is made up: it has the same facts but one."""
    stream = TokenStream.from_arrays(
        np.array([0, 1, 0], np.int32), np.array([3]), Vocabulary(("a", "b"), np.array([2, 1])), 3
    )
    own = "optimizer (some have one of their own)"
    facts = ["code", "settings", own, START, "vocabulary", "text", "phrases", "validation text"]
    facts += ["own objective", "layers", "huffman tree", "version of JAX or jaxlib"]

    def gather(digests):
        other = digests.copy()
        other[facts.index(what)] ^= 1
        return np.stack([digests, digests, other])

    monkeypatch.setattr(processes.jax, "process_count", lambda: 3)
    monkeypatch.setattr(processes.multihost_utils, "process_allgather", gather)
    with pytest.raises(InputError, match=f"about the {what}: process 2 against process 0"):
        RunIdentity.of(Config(), stream, stream).check_processes("1x1")
    monkeypatch.setattr(
        processes.multihost_utils, "process_allgather", lambda digests: np.stack([digests] * 3)
    )
    RunIdentity.of(Config(), stream, stream).check_processes("1x1")


def test_a_coordinator_has_a_port():
    with pytest.raises(InputError, match="HOST:PORT"):
        join("somewhere", 2, 0)


def test_why_a_plugin_does_not_start_is_said_in_one_line(monkeypatch, caplog):
    """JAX logs it with a traceback, and raises something else."""

    def devices():
        try:
            raise RuntimeError("Unable to load cuDNN. Is it installed?")
        except RuntimeError:
            logging.getLogger("jax._src.xla_bridge").exception("plugin configuration error")
        raise AssertionError

    monkeypatch.setattr("jax.devices", devices)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    with pytest.raises(InputError, match=r"has no device \(Unable to load cuDNN"):
        check_devices()
    assert not caplog.records


def test_what_jax_logs_of_devices_that_are_there_is_not_lost(monkeypatch, caplog):
    logger = logging.getLogger("jax._src.xla_bridge")
    monkeypatch.setattr("jax.devices", lambda: logger.warning("no GPU found"))
    check_devices()
    assert caplog.messages == ["no GPU found"]
