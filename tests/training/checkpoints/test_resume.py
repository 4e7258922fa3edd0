"""A run that goes on is the run that was never stopped."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optax
import pytest
from stopped_runs import CONFIG, PROGRAM, StopAfter, quiet, records

import jaxw2v
from jaxw2v import Checkpointing, InputError
from jaxw2v.errors import Interrupted

pytestmark = pytest.mark.usefixtures("optax_promotes")


def assert_same(folder, other, rel=0):
    """The same vectors bit for bit, and the same metrics."""
    content = [(f / "vectors.safetensors").read_bytes() for f in (folder, other)]
    assert content[0] == content[1]
    for found, expected in zip(records(folder), records(other), strict=True):
        assert found == pytest.approx(expected, rel=rel, abs=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "chunks",
    [
        1,
        pytest.param(3, marks=pytest.mark.lengthy),
        5,
        6,
        pytest.param(11, marks=pytest.mark.lengthy),
    ],
)
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(sentences, whole, tmp_path, chunks):
    folder = tmp_path / "run"
    quiet(sentences, out=folder, callbacks=[StopAfter(chunks)])
    assert len(records(folder)) < CONFIG.epochs
    quiet(sentences, out=folder, resume=True)
    assert_same(folder, whole)
    before = (folder / "vectors.safetensors").stat().st_mtime_ns
    quiet(sentences, out=folder, resume=True)
    assert_same(folder, whole)
    assert (folder / "vectors.safetensors").stat().st_mtime_ns > before


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer", [optax.adagrad(0.1), optax.adam(optax.linear_schedule(0.1, 0, 90))]
)
def test_the_state_of_any_optimizer_is_kept(sentences, tmp_path, optimizer):
    expected = quiet(sentences, optimizer=optimizer)
    quiet(sentences, out=tmp_path / "run", callbacks=[StopAfter(7)], optimizer=optimizer)
    found = quiet(sentences, out=tmp_path / "run", resume=True, optimizer=optimizer)
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    with pytest.raises(InputError, match="optimizer is \"one of the user's own\" there and 'the d"):
        quiet(sentences, out=tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="another optimizer or size: input_optimizer"):
        quiet(sentences, out=tmp_path / "run", resume=True, optimizer=optax.sgd(0.1, momentum=0.5))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param("8x1", "1x1", marks=pytest.mark.lengthy), (None, "1x8"), ("4x2", "1x8")],
)
def test_a_checkpoint_of_one_mesh_goes_on_on_another(sentences, whole, tmp_path, before, after):
    folder = tmp_path / "run"
    quiet(sentences, out=folder, callbacks=[StopAfter(7)], mesh=before)
    quiet(sentences, out=folder, mesh=after, resume=True)
    assert_same(folder, whole, rel=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:mesh .* leaves:UserWarning")
@pytest.mark.parametrize(("before", "after"), [("1x1x4", "4x2"), (None, "1x2x4")])
def test_a_checkpoint_of_columns_goes_on_as_rows(sentences, whole, tmp_path, before, after):
    folder = tmp_path / "run"
    quiet(sentences, out=folder, callbacks=[StopAfter(7)], mesh=before)
    quiet(sentences, out=folder, mesh=after, resume=True)
    found, expected = (np.asarray(jaxw2v.WordVectors.load(f).vectors) for f in (folder, whole))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    for record, other in zip(records(folder), records(whole), strict=True):
        assert record["loss"] == pytest.approx(other["loss"], rel=1e-5)


def test_checkpoints_that_were_emptied_are_in_nobodys_way(sentences, whole, tmp_path):
    folder = tmp_path / "run"
    quiet(sentences, out=folder, callbacks=[StopAfter(7)])
    for step in (1, 2, 90):
        (folder / "checkpoints" / str(step)).mkdir()
    quiet(sentences, out=folder, resume=True)
    assert_same(folder, whole)
    left = {path.name for path in (folder / "checkpoints").iterdir()}
    assert not left & {"1", "2", "90"}
    assert not any("damaged" in name for name in left)


@pytest.mark.slow
def test_more_epochs_of_a_finished_run(sentences, whole, tmp_path):
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    more = dataclasses.replace(CONFIG, epochs=5, probe_words=("w1",))
    wv = quiet(sentences, more, out=folder, resume=True)
    assert records(folder)[:3] == records(whole)
    assert [record["epoch"] for record in records(folder)] == [1, 2, 3, 4, 5]
    # It goes on from what was learned; drawn words have little more to learn.
    first, third, fourth = (records(folder)[n]["loss"] for n in (0, 2, 3))
    assert first > third > fourth
    assert records(folder)[4]["learning_rate"] == pytest.approx(CONFIG.min_learning_rate)
    assert not np.array_equal(wv.vectors, jaxw2v.WordVectors.load(whole).vectors)


@pytest.mark.slow
def test_resuming_where_nothing_is_starts_anew(sentences, whole, tmp_path):
    quiet(sentences, out=tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", whole)
    nothing = Checkpointing(keep_checkpoints=0)
    quiet(sentences, out=tmp_path / "run", overwrite=True, checkpointing=nothing)
    assert not (tmp_path / "run" / "checkpoints").exists()
    other = dataclasses.replace(CONFIG, window=3)
    with pytest.raises(InputError, match="window is 5 there and 3 here"):
        quiet(sentences, other, out=tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="the vocabulary differs"):
        quiet([*sentences, ["w0", "w1"]], out=tmp_path / "run", resume=True)
    quiet(sentences, out=tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", whole)
    with pytest.raises(InputError, match="resume needs the folder"):
        quiet(sentences, resume=True)


@pytest.mark.slow
def test_an_interrupt_saves_first(sentences, whole, tmp_path):
    class PressAfter(StopAfter):
        def on_chunk_end(self, progress):
            if super().on_chunk_end(progress) and self.chunks == 0:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match=r"vectors of epoch 1; --resume goes on from step \d+$"):
        quiet(sentences, out=tmp_path / "run", callbacks=[PressAfter(7)])
    quiet(sentences, out=tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [[], pytest.param(["--subwords"], marks=pytest.mark.lengthy)],
    ids=["words", "ngrams"],
)
def test_a_run_killed_at_any_moment_gives_the_same_bits(tmp_path, options):
    """At 3 moments here; ``experiments/checkpoints`` kills at many more."""
    rng = np.random.default_rng(0)
    words = rng.choice([f"w{i}" for i in range(500)], (12_000, 20))
    (tmp_path / "c.txt").write_text("\n".join(map(" ".join, words)))
    chunks = "from jaxw2v.training.setup import sizes; sizes.CPU_CHUNK_TOKENS = 40_000; "
    command = [sys.executable, "-c", chunks + PROGRAM, "train", str(tmp_path / "c.txt"), "--resume"]
    command += ["--embedding-dim", "8", "--epochs", "2", "--validation-share", "0.01"]
    command += ["--checkpoint-steps", "1", *options, "--out"]
    run = tmp_path / "run"

    def state():
        return sorted(p.name for p in (run / "checkpoints").glob("*")) if run.exists() else []

    kills, in_saves = 0, 0
    while kills < 3 or not in_saves:
        process = subprocess.Popen([*command, str(run)], stderr=subprocess.PIPE)
        before = state()
        wanted = time.monotonic() + 120
        # In the middle of a save, until that was so once; then between saves.
        while time.monotonic() < wanted and process.poll() is None:
            now = state()
            saving = any("tmp" in name for name in now)
            if now != before and (saving or in_saves):
                break
            time.sleep(0.001)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        kills, in_saves = kills + 1, in_saves + any("tmp" in name for name in state())
    for folder in (run, tmp_path / "whole"):
        subprocess.run([*command, str(folder)], check=True, capture_output=True, timeout=120)
    assert_same(run, tmp_path / "whole")
