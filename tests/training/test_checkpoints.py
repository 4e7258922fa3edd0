"""Checkpoints: what is written, what is noticed when it is damaged, and going on from it."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from orbax.checkpoint import v1 as ocp
from zipf import zipf_sentences

import jaxw2v
from experiments.checkpoints.run import DAMAGES
from jaxw2v import Callback, Checkpointing, Config, InputError, TrainingDiverged, train
from jaxw2v.cli import main
from jaxw2v.devices.mesh import choose_mesh
from jaxw2v.errors import Interrupted
from jaxw2v.run_folder import steps_in
from jaxw2v.training import load_vectors
from jaxw2v.training.checkpoints import reader, resume, writer
from jaxw2v.training.checkpoints.checksums import checksum
from jaxw2v.training.checkpoints.reader import read_record
from jaxw2v.training.checkpoints.results import Results
from jaxw2v.training.setup import sizes

VALIDATION = "jaxw2v.training.loop.validation.Validation.__call__"
CONFIG = Config(embedding_dim=8, min_count=1, tokens_per_step=512, epochs=3, validation_share=0.05)
PROGRAM = "import sys; from jaxw2v.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(300, 20, 400)


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    """Five chunks an epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "CPU_CHUNK_TOKENS", 1_700)
        yield


def quiet(corpus, config=CONFIG, **options):
    return train(corpus, config, show_progress=False, **options)


class StopAfter(Callback):
    """Stops in the middle of a run."""

    def __init__(self, chunks):
        self.chunks = chunks

    def on_chunk_end(self, progress):
        self.chunks -= 1
        return self.chunks <= 0


def records(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    timed = {"seconds", "words_per_second", "compile_seconds"}
    return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in lines]


def assert_same(folder, other, rel=0):
    """The same vectors bit for bit, and the same metrics."""
    content = [(f / "vectors.safetensors").read_bytes() for f in (folder, other)]
    assert content[0] == content[1]
    for found, expected in zip(records(folder), records(other), strict=True):
        assert found == pytest.approx(expected, rel=rel, abs=0)


@pytest.fixture(scope="module")
def whole(sentences, tmp_path_factory):
    """A run that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    quiet(sentences, out=folder)
    return folder


@pytest.fixture(scope="module")
def stopped(sentences, tmp_path_factory):
    """A run stopped in its second epoch, with checkpoints after each two chunks or so."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    often = Checkpointing(checkpoint_steps=2, keep_checkpoints=3)
    quiet(sentences, out=folder, callbacks=[StopAfter(7)], checkpointing=often)
    assert len(steps_in(folder / "checkpoints")) >= 3
    return folder


@pytest.fixture
def copy(stopped, tmp_path):
    return Path(shutil.copytree(stopped, tmp_path / "copy"))


@pytest.mark.parametrize("chunks", [1, 3, 5, 6, 11])
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


@pytest.mark.parametrize(("before", "after"), [("8x1", "1x1"), (None, "1x8"), ("4x2", "1x8")])
def test_a_checkpoint_of_one_mesh_goes_on_on_another(sentences, whole, tmp_path, before, after):
    folder = tmp_path / "run"
    quiet(sentences, out=folder, callbacks=[StopAfter(7)], mesh=before)
    quiet(sentences, out=folder, mesh=after, resume=True)
    assert_same(folder, whole, rel=1e-6)


def test_a_checksum_is_the_same_on_any_mesh_and_sees_every_change():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(512, 6)).astype(np.float32)
    expected = int(
        (array.view(np.uint32).ravel().astype(object) * (2 * np.arange(array.size) + 1)).sum()
        % 2**32
    )
    mesh = choose_mesh("2x4", 8, lambda shape: 0)
    for spec in (jax.P("vocab"), jax.P("data"), jax.P(("data", "vocab")), jax.P()):
        cut = jax.device_put(array, jax.NamedSharding(mesh, spec))
        assert int(jax.jit(checksum)(cut)) == expected
    bits = array.view(np.uint32).copy()
    bits[17, 3] ^= 1 << 30
    swapped = array.copy()
    swapped[[3, 4]] = array[[4, 3]]
    for other in (bits.view(np.float32), swapped):
        assert int(checksum(jnp.asarray(other))) != expected
    for dtype in (jnp.bfloat16, jnp.int8, bool, jnp.int32):
        sums = {int(checksum((jnp.arange(5) == place).astype(dtype))) for place in range(6)}
        assert len(sums) == 6


# Without these Orbax reads a checkpoint all the same.
NOT_NEEDED = ("commit_success.txt", "_sharding", "array_metadatas", "ocdbt.process_0")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_passed_over(sentences, stopped, tmp_path, damage):
    """Whichever file of it is damaged: what is loaded is right, or of the one before."""
    newest, before = steps_in(stopped / "checkpoints")[:2]
    record = read_record(stopped / "checkpoints" / str(newest))
    place = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    shapes = {
        name: jax.ShapeDtypeStruct(array["shape"], array["dtype"], sharding=place)
        for name, array in record["arrays"].items()
    }
    expected = {}
    for step in (newest, before):
        path = stopped / "checkpoints" / str(step)
        expected[step] = reader.read_arrays(path, shapes, read_record(path))
    files = [p for p in (stopped / "checkpoints" / str(newest)).rglob("*") if p.is_file()]
    assert len(files) >= 5
    for number, file in enumerate(file for file in files if file.stat().st_size):
        folder = Path(shutil.copytree(stopped, tmp_path / str(number)))
        DAMAGES[damage](folder / file.relative_to(stopped))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            arrays, position = resume.SavedRun(folder).load(shapes)
        warned = any(f"{newest}: passed over" in str(w.message) for w in caught)
        assert position.steps == (before if warned else newest)
        assert (folder / "checkpoints" / f"{newest}.damaged").is_dir() == warned
        for name, array in expected[position.steps].items():
            np.testing.assert_array_equal(arrays[name], array)
        if not any(part in NOT_NEEDED for part in file.parts):
            assert warned, file


@pytest.mark.filterwarnings("always")
def test_no_usable_checkpoint_is_an_error(sentences, copy, capsys):
    for step in steps_in(copy / "checkpoints"):
        (copy / "checkpoints" / str(step) / "_CHECKPOINT_METADATA").write_text("{")
    with (
        pytest.warns(RuntimeWarning, match="passed over"),
        pytest.raises(InputError, match=r"none of its checkpoints can be used; restore one"),
    ):
        quiet(sentences, out=copy, resume=True)
    (copy / "vectors.safetensors").unlink()
    assert main(["neighbors", str(copy), "w1"]) == 2
    error = capsys.readouterr().err
    assert "jaxw2v: warning: " in error
    assert "none of its checkpoints can be used" in error.splitlines()[-1]
    assert "Traceback" not in error


def test_a_checkpoint_of_another_program_or_version(sentences, copy, monkeypatch):
    newest = steps_in(copy / "checkpoints")[0]
    ocp.save((copy / "checkpoints" / "999999").absolute(), {"a": jnp.ones(3)})
    with pytest.warns(RuntimeWarning, match="999999: passed over: it is damaged, or of another p"):
        assert resume.SavedRun(copy).record["position"]["steps"] == newest
    monkeypatch.setattr(reader, "FORMAT", 2)
    with pytest.raises(InputError, match=r"999999|is of format 1.*use the version that wrote it"):
        load_vectors(copy, newest)


def test_another_run_is_refused_by_what_differs(sentences, copy):
    def changed(**fields):
        return dataclasses.replace(CONFIG, **fields)

    for config, message in [
        (changed(window=7, seed=3), r"seed is 1 there and 3 here; window is 5 there and 7 here"),
        (changed(epochs=1), "1 epochs and part of the next are done there and epochs is 1; give 2"),
    ]:
        with pytest.raises(InputError, match=message):
            quiet(sentences, config, out=copy, resume=True)
    with pytest.raises(InputError, match="the text differs; the vocabulary differs"):
        quiet([*sentences, ["w0", "w1"]], out=copy, resume=True)
    with pytest.raises(InputError, match="already holds a run; choose another --out, --resume"):
        quiet(sentences, out=copy)
    with pytest.raises(InputError, match="give one of them"):
        quiet(sentences, out=copy, resume=True, overwrite=True)
    quiet(sentences, changed(window=7, epochs=1), out=copy, overwrite=True)
    assert len(steps_in(copy / "checkpoints")) == 1


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


def test_checkpoints_by_steps_and_epochs_the_latest_and_the_best_are_kept(sentences, tmp_path):
    losses = iter([3.0, 1.0, 2.0, 4.0, 5.0])
    config = dataclasses.replace(CONFIG, epochs=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VALIDATION, lambda self: next(losses))
        each = Checkpointing(checkpoint_epochs=1)
        quiet(sentences, config, out=tmp_path / "run", checkpointing=each)
    steps = [record["steps"] for record in records(tmp_path / "run")]
    assert steps_in(tmp_path / "run" / "checkpoints") == [steps[4], steps[3], steps[1]]
    best = load_vectors(tmp_path / "run", "best")
    np.testing.assert_array_equal(best.vectors, load_vectors(tmp_path / "run", steps[1]).vectors)
    assert not np.array_equal(best.vectors, load_vectors(tmp_path / "run").vectors)

    often = Checkpointing(checkpoint_steps=1)
    quiet(sentences, out=tmp_path / "often", checkpointing=often)
    newest = steps_in(tmp_path / "often" / "checkpoints")[0]
    position = read_record(tmp_path / "often" / "checkpoints" / str(newest))["position"]
    assert (position["epoch"], position["chunks"], len(position["metrics"])) == (3, 0, 3)

    every = Checkpointing(checkpoint_steps=1, keep_checkpoints=100)
    one = dataclasses.replace(CONFIG, epochs=1, validation_share=0)
    quiet(sentences, one, out=tmp_path / "steps", checkpointing=every)
    assert len(steps_in(tmp_path / "steps" / "checkpoints")) >= 2
    quick = Checkpointing(checkpoint_minutes=1e-9, keep_checkpoints=100)
    quiet(sentences, one, out=tmp_path / "minutes", checkpointing=quick)
    assert len(steps_in(tmp_path / "minutes" / "checkpoints")) >= 2
    quiet(sentences, one, out=tmp_path / "none", checkpointing=Checkpointing(keep_checkpoints=0))
    assert not (tmp_path / "none" / "checkpoints").exists()


def test_vectors_come_straight_from_the_checkpoints_of_a_run_still_going(
    sentences, tmp_path, capsys
):
    folder = tmp_path / "run"

    class Look(Callback):
        seen = ()

        def on_chunk_end(self, progress):
            if progress.steps > 6 and not len(self.seen):
                while not steps_in(folder / "checkpoints"):
                    time.sleep(0.01)
                assert not (folder / "vectors.safetensors").exists()
                self.seen = load_vectors(folder).vectors
                assert main(["neighbors", str(folder), "w1"]) == 0
                out = str(folder.parent / "v.txt")
                assert main(["export", str(folder), "--format", "word2vec-text", "--out", out]) == 0
                assert main(["neighbors", str(folder), "w1", "--checkpoint", "7"]) == 2

    look = Look()
    quiet(sentences, out=folder, callbacks=[look], checkpointing=Checkpointing(checkpoint_steps=1))
    assert look.seen.shape == (300, 8)
    assert "a step that is kept" in capsys.readouterr().err
    final = jaxw2v.WordVectors.load(folder)
    for which in ("last", "best"):
        stored = load_vectors(folder, which)
        np.testing.assert_array_equal(stored.vectors, final.vectors)
        np.testing.assert_array_equal(stored.output_vectors, final.output_vectors)
        assert stored.words == final.words


def test_a_checkpoint_with_another_vocabulary_is_refused(copy):
    file = copy / "checkpoints" / "vocabulary.tsv"
    file.write_text(file.read_text().replace("w1\t", "x1\t"))
    with pytest.raises(InputError, match=r"vocabulary.tsv: is not the vocabulary of step"):
        load_vectors(copy, "last")


def test_a_disk_that_is_full_costs_checkpoints_only(tmp_path):
    """Files above a limit cannot be written: vectors are below it, checkpoints above."""
    rng = np.random.default_rng(0)
    words = rng.choice([f"w{i}" for i in range(2_000)], (300, 20))
    (tmp_path / "c.txt").write_text("\n".join(map(" ".join, words)))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (325_000, 325_000)); "
    command = [sys.executable, "-c", limit + PROGRAM, "train", str(tmp_path / "c.txt")]
    command += ["--min-count", "1", "--embedding-dim", "20", "--epochs", "2"]
    command += ["--out", str(tmp_path / "run"), "--no-compilation-cache"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3_000:]
    warned = [line for line in done.stderr.splitlines() if "jaxw2v: warning" in line]
    assert warned
    assert "cannot be written" in warned[0]
    assert "there is none yet" in warned[0]
    assert "Traceback" not in done.stderr
    assert len(jaxw2v.WordVectors.load(tmp_path / "run")) > 1_000
    assert [p.name for p in (tmp_path / "run" / "checkpoints").iterdir()] == ["vocabulary.tsv"]


def test_vectors_are_not_written_while_a_checkpoint_takes_room(sentences, tmp_path, monkeypatch):
    events = []

    def noting(module, name, event):
        done = getattr(module, name)

        def also(*given, **options):
            done(*given, **options)
            events.append(event)

        monkeypatch.setattr(module, name, also)

    noting(writer.Checkpoints, "save", "has begun to save")
    noting(writer.Checkpoints, "wait", "has waited")
    noting(Results, "save", "vectors")
    quiet(sentences, out=tmp_path / "run", checkpointing=Checkpointing(checkpoint_epochs=1))
    assert events.count("vectors") == CONFIG.epochs
    assert "has begun to save" in events
    before = [events[number - 1] for number, event in enumerate(events) if event == "vectors"]
    assert set(before) == {"has waited"}


def test_tables_that_are_not_finite_are_never_saved(sentences, tmp_path):
    folder = tmp_path / "run"
    explode = optax.chain(
        optax.sgd(0.01), optax.scale_by_schedule(lambda n: jnp.where(n < 20, 1.0, jnp.inf))
    )
    with pytest.raises(TrainingDiverged):
        quiet(
            sentences,
            out=folder,
            optimizer=explode,
            checkpointing=Checkpointing(checkpoint_steps=1),
        )
    for step in steps_in(folder / "checkpoints"):
        read_record(folder / "checkpoints" / str(step))
        assert np.isfinite(load_vectors(folder, step).vectors).all()


def test_an_interrupt_saves_first(sentences, whole, tmp_path):
    class PressAfter(StopAfter):
        def on_chunk_end(self, progress):
            if super().on_chunk_end(progress) and self.chunks == 0:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match=r"vectors of epoch 1; --resume goes on from step \d+$"):
        quiet(sentences, out=tmp_path / "run", callbacks=[PressAfter(7)])
    quiet(sentences, out=tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", whole)


def test_a_run_killed_at_any_moment_gives_the_same_bits(tmp_path):
    """At 3 moments here; ``experiments/checkpoints`` kills at many more."""
    rng = np.random.default_rng(0)
    words = rng.choice([f"w{i}" for i in range(500)], (20_000, 20))
    (tmp_path / "c.txt").write_text("\n".join(map(" ".join, words)))
    chunks = "from jaxw2v.training.setup import sizes; sizes.CPU_CHUNK_TOKENS = 40_000; "
    command = [sys.executable, "-c", chunks + PROGRAM, "train", str(tmp_path / "c.txt"), "--resume"]
    command += ["--embedding-dim", "8", "--epochs", "2", "--validation-share", "0.01"]
    command += ["--checkpoint-steps", "1", "--out"]
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
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        kills, in_saves = kills + 1, in_saves + any("tmp" in name for name in state())
    for folder in (run, tmp_path / "whole"):
        subprocess.run([*command, str(folder)], check=True, capture_output=True, timeout=120)
    assert_same(run, tmp_path / "whole")
