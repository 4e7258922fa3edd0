"""Which folders are runs of ours, and which of their files."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from jaxw2v import InputError
from jaxw2v.ownership import FORMAT, MARKER
from jaxw2v.run_folder import (
    check_run_folder,
    had_phrases,
    has_checkpoints_only,
    is_run,
    read_settings,
    remove_checkpoints,
    remove_unfinished,
    steps_in,
)

OURS = {"embedding_dim": 4, "subsample_formula": "none", "tokenizer": "words-2"}


def mark(folder, kind):
    marker = {"program": "jaxw2v", "kind": kind, "format": FORMAT}
    (folder / MARKER).write_text(json.dumps(marker))


def checkpoint(folder, step, program="jaxw2v"):
    path = folder / "checkpoints" / str(step)
    (path / "state").mkdir(parents=True)
    (path / "state" / "manifest.ocdbt").write_bytes(b"x")
    about = {"custom_metadata": {"program": program}}
    (path / "_CHECKPOINT_METADATA").write_text(json.dumps(about))
    return path


def test_a_run_is_known_by_its_marker_or_by_each_of_its_files(tmp_path):
    assert not is_run(tmp_path / "none")
    made = {name: tmp_path / name for name in ("marker", "settings", "tensors", "steps", "other")}
    for folder in made.values():
        folder.mkdir()
        assert not is_run(folder)
    mark(made["marker"], "run")
    (made["settings"] / "config.json").write_text(json.dumps(OURS))
    save_file({"input_embedding": np.zeros((2, 3))}, made["tensors"] / "vectors.safetensors")
    checkpoint(made["steps"], 7)
    (made["other"] / "config.json").write_text('{"embedding_dim": 4}')
    foreign = {"input_embedding": np.zeros((2, 3)), "head": np.zeros(3)}
    save_file(foreign, made["other"] / "vectors.safetensors")
    checkpoint(made["other"], 7, "another program")
    assert [is_run(folder) for folder in made.values()] == [True] * 4 + [False]
    mark(made["settings"], "token stream")
    assert not is_run(made["settings"])


def test_settings_are_read_by_todays_names(tmp_path):
    for content, message in (
        ("{", "cannot be read: .*; restore the file"),
        ("[]", "holds no settings"),
    ):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(InputError, match=f"config.json: {message}"):
            read_settings(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(OURS | {"tokenizer": "words"}))
    assert read_settings(tmp_path) == OURS | {"tokenizer": "words-1"}
    assert not had_phrases(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(OURS | {"phrase_passes": 2}))
    assert had_phrases(tmp_path)


def test_steps_are_those_of_whole_checkpoints_the_newest_first(tmp_path):
    assert steps_in(tmp_path / "checkpoints") == []
    assert not has_checkpoints_only(tmp_path)
    for name in ("9", "10", "11.damaged", "12.orbax-checkpoint-tmp-1", "notes"):
        (tmp_path / "checkpoints" / name / "state").mkdir(parents=True)
    (tmp_path / "checkpoints" / "8").mkdir()
    assert steps_in(tmp_path / "checkpoints") == [10, 9]
    assert has_checkpoints_only(tmp_path)
    (tmp_path / "vectors.safetensors").touch()
    assert not has_checkpoints_only(tmp_path)


def test_only_our_checkpoints_are_deleted(tmp_path):
    ours, foreign = checkpoint(tmp_path, 7), checkpoint(tmp_path, 8, "another program")
    mixed = checkpoint(tmp_path, 9)
    (mixed / "notes.txt").write_text("mine")
    folder = tmp_path / "checkpoints"
    unfinished = [folder / f"{step}.orbax-checkpoint-tmp-1" for step in (10, 11)]
    for path in unfinished:
        (path / "state").mkdir(parents=True)
    (unfinished[1] / "notes.txt").write_text("mine")
    (folder / "vocabulary.tsv").write_text("a\t1\n")
    remove_checkpoints(folder)
    assert not ours.exists()
    assert not unfinished[0].exists()
    assert sorted(folder.iterdir()) == sorted([foreign, mixed, unfinished[1]])
    for path in (foreign, mixed, unfinished[1]):
        for file in sorted(path.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        path.rmdir()
    remove_checkpoints(folder)
    assert not folder.exists()
    remove_unfinished(folder)


def test_a_folder_that_holds_a_run_wants_a_word(tmp_path):
    check_run_folder(tmp_path / "new", False, False)
    with pytest.raises(InputError, match="give one of them"):
        check_run_folder(tmp_path / "new", True, True)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file; --out needs a folder"):
        check_run_folder(tmp_path / "file", False, False)
    run = tmp_path / "run"
    run.mkdir()
    mark(run, "run")
    check_run_folder(run, False, False)
    (run / "vectors.safetensors").touch()
    holds_vectors = "already holds vectors; choose another --out, or give --resume"
    with pytest.raises(InputError, match=holds_vectors):
        check_run_folder(run, False, False)
    checkpoint(run, 3)
    with pytest.raises(InputError, match="already holds a run"):
        check_run_folder(run, False, False)
    for overwrite in (True, False):
        check_run_folder(run, overwrite, not overwrite)
    # A process that is killed while it deletes a checkpoint leaves its folder.
    (run / "checkpoints" / "5").mkdir()
    check_run_folder(run, False, True)
    assert steps_in(run / "checkpoints") == [3]
    (run / "checkpoints" / "5" / "mine").touch()
    with pytest.raises(InputError, match="5: is not known to be a file of jaxw2v"):
        check_run_folder(run, True, False)
