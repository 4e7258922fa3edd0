"""When checkpoints are written and which are kept."""

import dataclasses
import subprocess
import sys
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from stopped_runs import CONFIG, PROGRAM, quiet, records

import jaxw2v
from jaxw2v import Checkpointing, InputError, TrainingDiverged
from jaxw2v.run_folder import steps_in
from jaxw2v.training import load_vectors
from jaxw2v.training.checkpoints import writer
from jaxw2v.training.checkpoints.reader import read_record
from jaxw2v.training.checkpoints.results import Results

pytestmark = pytest.mark.usefixtures("optax_promotes")

VALIDATION = "jaxw2v.training.loop.validation.Validation.__call__"


@pytest.mark.slow
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


def test_arrays_of_a_step_that_is_saved_are_not_made(tmp_path):
    folder, phrases = tmp_path / "checkpoints", SimpleNamespace(passes=0)
    saved = writer.Checkpoints(folder, None, phrases, 1, {}, last=7)
    saved.save(7, lambda: pytest.fail("made"), {})
    assert not folder.exists()
    with pytest.raises(TrainingDiverged, match="a table is not finite"):
        saved.save(8, lambda: {"table": jnp.full((2, 2), jnp.nan)}, {})
    assert not folder.exists()


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize("name", ["run[2]", "run]", "a\\b"])
def test_a_path_in_which_checkpoints_would_be_lost_is_refused_before_the_run(
    sentences, tmp_path, name
):
    """Orbax takes brackets and backslashes for a pattern, and does not find what it wrote."""
    folder = tmp_path / name / "run"
    with pytest.raises(InputError, match="checkpoints cannot be read again under a path with"):
        jaxw2v.train(sentences, CONFIG, out=folder, show_progress=False)
    assert not (tmp_path / name).exists()
    writer.check_path(tmp_path / "run {2} *?:;%")


def test_results_may_lie_where_checkpoints_may_not(sentences, tmp_path):
    config = dataclasses.replace(CONFIG, epochs=1)
    none = Checkpointing(keep_checkpoints=0)
    jaxw2v.train(
        sentences, config, out=tmp_path / "run[2]", checkpointing=none, show_progress=False
    )
    assert (tmp_path / "run[2]" / "vectors.safetensors").exists()
