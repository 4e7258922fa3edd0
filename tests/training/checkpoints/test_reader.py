"""Damaged and foreign checkpoints."""

import shutil
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from orbax.checkpoint import v1 as ocp
from stopped_runs import quiet

from jaxw2v import InputError
from jaxw2v.cli import main
from jaxw2v.devices.storage_order import storage_row
from jaxw2v.run_folder import steps_in
from jaxw2v.training import load_vectors
from jaxw2v.training.checkpoints import reader, record, resume
from jaxw2v.training.checkpoints.reader import read_record


def flip(path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 16] = (byte ^ 0x55 for byte in content[middle : middle + 16])
    path.write_bytes(content)


DAMAGES = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "missing": lambda path: path.unlink(),
    "16 bytes flipped": flip,
}


# Without these Orbax reads a checkpoint all the same.
NOT_NEEDED = ("commit_success.txt", "_sharding", "array_metadatas", "ocdbt.process_0")


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [pytest.param(d, marks=pytest.mark.lengthy) if d == "zeroed" else d for d in DAMAGES],
)
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


@pytest.mark.slow
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


def test_tables_are_read_in_the_order_of_the_words_and_other_arrays_as_they_are(copy):
    step = steps_in(copy / "checkpoints")[0]
    path = copy / "checkpoints" / str(step)
    found = read_record(path)
    place = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    words = len(load_vectors(copy, step).vocabulary)
    names = ("input_embedding", "input_optimizer-0-squares", "key")
    shapes = {
        name: jax.ShapeDtypeStruct(**{k: found["arrays"][name][k] for k in ("shape", "dtype")})
        for name in names
    }
    stored = reader.read_arrays(
        path, {k: v.update(sharding=place) for k, v in shapes.items()}, found
    )
    arrays = reader.read_in_word_order(path, dict.fromkeys(names, words), found)
    for name in names[:2]:
        assert arrays[name].shape[0] == words
        for word in range(words):
            row = storage_row(word, words)
            np.testing.assert_array_equal(arrays[name][word], stored[name][row])
    np.testing.assert_array_equal(arrays["key"], stored["key"])
    first = reader.read_in_word_order(path, {names[0]: words}, found, limit=2)[names[0]]
    np.testing.assert_array_equal(first, arrays[names[0]][:2])
    few = load_vectors(copy, step, limit=2)
    np.testing.assert_array_equal(few.vectors, first)
    assert few.output_vectors.shape == first.shape
    found["arrays"]["key"]["checksum"] += 1
    with pytest.raises(reader.Damaged, match="the checksum of key is wrong"):
        reader.read_in_word_order(path, {"key": words}, found)


def test_a_checkpoint_of_another_program_or_version(sentences, copy, monkeypatch):
    newest = steps_in(copy / "checkpoints")[0]
    ocp.save((copy / "checkpoints" / "999999").absolute(), {"a": jnp.ones(3)})
    with pytest.warns(RuntimeWarning, match="999999: passed over: it is damaged, or of another p"):
        assert resume.SavedRun(copy).record["position"]["steps"] == newest
    monkeypatch.setattr(record, "FORMAT", 2)
    with pytest.raises(InputError, match=r"is of format 1.*use the version that wrote it"):
        load_vectors(copy, newest)


def test_a_checkpoint_with_another_vocabulary_is_refused(copy):
    file = copy / "checkpoints" / "vocabulary.tsv"
    file.write_text(file.read_text().replace("w1\t", "x1\t"))
    with pytest.raises(InputError, match=r"vocabulary.tsv: is not the vocabulary of step"):
        load_vectors(copy, "last")
