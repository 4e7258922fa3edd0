"""The records of the epochs of a run, whatever stands in their file."""

import json

import pytest

from jaxw2v.cli import main
from jaxw2v.epoch_records import read_epochs
from jaxw2v.ownership import FORMAT

GOOD = {
    "epoch": 1,
    "steps": 15,
    "raw_words": 900,
    "words_per_second": 450,
    "seconds": 2.0,
    "loss": 2.5,
    "validation_loss": None,
    "neighbors": {"a": ["b", "c"]},
}
BAD = [
    {"steps": 15.0},
    {"words_per_second": "1"},
    {"seconds": "1"},
    {"loss": "nan"},
    {"validation_loss": [1]},
    {"neighbors": ["a"]},
    {"neighbors": {"a": [1, 2]}},
    {"epoch": True},
    {"epoch": None},
]


@pytest.mark.parametrize("change", BAD, ids=str)
def test_a_record_with_one_odd_value_is_left_out_by_its_line(tmp_path, change):
    lines = map(json.dumps, (GOOD, GOOD | change, GOOD | {"epoch": 2}))
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    with pytest.warns(RuntimeWarning, match=r"metrics\.jsonl:2: is no record of an epoch"):
        assert [record["epoch"] for record in read_epochs(tmp_path)] == [1, 2]


@pytest.mark.parametrize("line", ["3", "null", "[]", "{", '{"loss": 1}', "\xff"])
def test_what_is_no_record_is_left_out(tmp_path, line):
    (tmp_path / "metrics.jsonl").write_bytes(f"{json.dumps(GOOD)}\n{line}".encode("latin-1"))
    with pytest.warns(RuntimeWarning, match=r"metrics\.jsonl:2: "):
        assert read_epochs(tmp_path) == [GOOD]


def test_no_file_is_no_epoch_and_a_folder_is_told(tmp_path, capsys):
    assert read_epochs(tmp_path) == []
    (tmp_path / "vectors.txt").touch()
    assert read_epochs(tmp_path / "vectors.txt") == []
    (tmp_path / "metrics.jsonl").mkdir()
    out = tmp_path / "c.png"
    assert main(["plot", str(tmp_path), "--metrics", "--out", str(out)]) == 2
    assert "metrics.jsonl: Is a directory; restore the file" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_of_a_newer_version_is_refused(tmp_path, capsys):
    (tmp_path / "metrics.jsonl").write_text(json.dumps(GOOD) + "\n")
    marker = {"program": "jaxw2v", "kind": "run", "format": FORMAT + 1}
    (tmp_path / "jaxw2v.json").write_text(json.dumps(marker))
    out = tmp_path / "c.png"
    assert main(["plot", str(tmp_path), "--metrics", "--out", str(out)]) == 2
    assert f"is of format {FORMAT + 1}" in capsys.readouterr().err
    assert not out.exists()
