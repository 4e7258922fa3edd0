"""What a run leaves in its folder, whatever ends it."""

import dataclasses
import errno
import json
import math
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from topics import CONFIG, quiet, two_topics

import jaxw2v
from jaxw2v import Checkpointing, InputError, TrainingDiverged
from jaxw2v.corpus import Phrases
from jaxw2v.errors import Interrupted
from jaxw2v.training.checkpoints.results import Results
from jaxw2v.training.loop.epoch import Epochs
from jaxw2v.vectors.files import folder


@pytest.fixture(scope="module")
def sentences():
    return two_topics()


@pytest.mark.slow
def test_the_folder_holds_everything(sentences, tmp_path):
    records = {}
    wv = quiet(
        sentences, dataclasses.replace(CONFIG, validation_share=0.1), out=tmp_path / "a" / "b"
    )
    folder = tmp_path / "a" / "b"
    assert {p.name for p in folder.iterdir()} == {
        "vectors.safetensors",
        "vocabulary.tsv",
        "config.json",
        "metrics.jsonl",
        "checkpoints",
        "jaxw2v.json",
    }
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [r["epoch"] for r in records] == [1, 2, 3]
    assert records[-1]["loss"] < records[0]["loss"] < 6 * math.log(2)
    assert records[-1]["validation_loss"] < records[0]["validation_loss"]
    assert np.array_equal(jaxw2v.WordVectors.load(folder).vectors, wv.vectors)
    with pytest.raises(InputError, match="already holds a run; choose"):
        quiet(sentences, out=folder)
    quiet(sentences, out=folder, overwrite=True)


@pytest.mark.slow
def test_a_run_that_fills_the_disk_says_how_to_go_on(sentences, tmp_path, monkeypatch):
    def full_after_an_epoch(path, *others):
        if (tmp_path / "metrics.jsonl").exists():
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_tensors(path, *others)

    write_tensors = folder.write_tensors
    saved = Checkpointing(checkpoint_epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(folder, "write_tensors", full_after_an_epoch)
        with pytest.raises(OSError, match=r"left on device \(.*--resume goes on from") as raised:
            quiet(sentences, out=tmp_path, checkpointing=saved)
    assert "holds the vectors of epoch 1;" in str(raised.value)
    assert "vectors.safetensors" in raised.value.filename
    assert len(quiet(sentences, out=tmp_path, checkpointing=saved, resume=True)) == 24


def test_other_errors_of_files_stay_as_they_are():
    results = Results(None, CONFIG, Phrases(), resume=False)
    with pytest.raises(FileNotFoundError) as raised, results.named_in_errors():
        Path("/none/such").read_bytes()
    assert raised.value.filename == "/none/such"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "said", "kept"),
    [
        (30, "the loss is nan", 0),
        (45, "a vector is not finite after epoch 1", 0),
        (60, "the loss is nan", 1),
    ],
    ids=["in epoch 1", "at its end", "in epoch 2"],
)
def test_a_run_that_diverges_stops_and_keeps_the_last_good_epoch(
    sentences, tmp_path, steps, said, kept
):
    explode = optax.GradientTransformation(
        lambda p: optax.ScaleByScheduleState(count=np.int32(0)),
        lambda u, s, p=None: (
            jax.tree.map(lambda x: x * jax.numpy.where(s.count < steps, -0.01, -1e30), u),
            optax.ScaleByScheduleState(count=s.count + 1),
        ),
    )
    left = f"o holds the vectors of epoch {kept}" if kept else "there are no vectors"
    with pytest.raises(TrainingDiverged, match=rf"^{said}; give a smaller.*{left}"):
        quiet(sentences, out=tmp_path / "o", optimizer=explode)
    assert (tmp_path / "o").exists() == bool(kept)
    if kept:
        one_epoch = dataclasses.replace(CONFIG, epochs=kept)
        found = jaxw2v.WordVectors.load(tmp_path / "o").vectors
        assert np.isfinite(found).all()
        sound = quiet(sentences, one_epoch, optimizer=optax.sgd(0.01))
        np.testing.assert_allclose(found, sound.vectors, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("epochs_before", [0, 1])
def test_an_interrupted_run_says_what_is_left(sentences, tmp_path, monkeypatch, epochs_before):
    original = Epochs.train_epoch

    def interrupted(self):
        if self.cursor.epoch == epochs_before:
            raise KeyboardInterrupt
        return original(self)

    monkeypatch.setattr(Epochs, "train_epoch", interrupted)
    message = "there are no vectors"
    if epochs_before:
        message = "holds the vectors of epoch 1; --resume goes on from step"
    with pytest.raises(Interrupted, match=message):
        quiet(sentences, out=tmp_path / "o", checkpointing=Checkpointing(checkpoint_epochs=1))
    assert (tmp_path / "o" / "vectors.safetensors").exists() == bool(epochs_before)
