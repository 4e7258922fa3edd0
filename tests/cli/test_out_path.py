"""Where a command may write, before it does any work."""

import json
import os
from pathlib import Path

import pytest

from jaxw2v import InputError
from jaxw2v.cli.out_path import check_out
from jaxw2v.ownership import FORMAT, MARKER


@pytest.fixture
def places(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "run" / "checkpoints" / "5").mkdir(parents=True)
    marker = {"program": "jaxw2v", "kind": "run", "format": FORMAT}
    (tmp_path / "run" / MARKER).write_text(json.dumps(marker))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("file", {}, "file: exists; choose another --out, or give --overwrite"),
        ("folder", {"is_folder": True}, "folder: exists; choose another"),
        ("folder", {"overwrite": True}, "is a folder, not a file; choose another --out"),
        ("file", {"overwrite": True, "is_folder": True}, "is a file, not a folder"),
        ("run", {"overwrite": True, "is_folder": True}, "holds a run; choose another --out"),
        ("run/vectors.safetensors", {"overwrite": True}, "is a part of the run in its folder"),
        ("run/checkpoints/5/new", {}, "is inside the checkpoints of a run"),
        ("loop", {}, "is a link that leads to itself; choose another --out"),
        ("pipe", {"overwrite": True}, "is a device or a pipe, not a file"),
        ("none/new", {}, "none/new: its folder does not exist"),
    ],
)
def test_where_nothing_may_be_written_is_said(places, name, options, message):
    before = sorted(places.rglob("*"))
    with pytest.raises(InputError, match=message):
        check_out(places / name, **{"overwrite": False} | options)
    assert sorted(places.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("new", {}),
        ("new", {"is_folder": True}),
        ("file", {"overwrite": True}),
        ("folder", {"overwrite": True, "is_folder": True}),
        ("run/notes.txt", {}),
    ],
)
def test_where_something_may_be_written_nothing_is_said(places, monkeypatch, name, options):
    for path in (places / name, Path(name)):
        monkeypatch.chdir(places)
        check_out(path, **{"overwrite": False} | options)
