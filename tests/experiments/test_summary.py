"""The table of all experiments is that of the results files."""

import dataclasses
from pathlib import Path

import pytest

from experiments import command_line, summary
from experiments.scores import check_sets
from jaxw2v import InputError

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def test_the_table_is_current():
    text = summary.README.read_text()
    assert summary.updated(text) == text, "run python -m experiments.summary"


def test_every_experiment_with_results_is_in_the_table():
    with_results = {path.parent.name for path in EXPERIMENTS.glob("*/results.json")}
    assert {line.name for line in summary.LINES} == with_results


def test_every_experiment_says_how_to_run_it():
    for line in summary.LINES:
        text = (EXPERIMENTS / line.name / "README.md").read_text()
        assert f"python -m experiments.{line.name}.run" in text
        assert "**Claim" in text


@dataclasses.dataclass
class Settings:
    size: int = 1
    results: Path = Path("results.json")
    smoke: bool = False


def started_with(monkeypatch, *options):
    """The settings with which an experiment is measured."""
    seen = []
    monkeypatch.setattr("sys.argv", ["run", *options])
    command_line.run(seen.append, Settings, "An experiment.")
    return seen[0]


def test_a_smoke_run_leaves_the_results_as_they_are(capsys, monkeypatch, tmp_path):
    assert started_with(monkeypatch).results == Path("results.json")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = tmp_path / "own.json"
    assert started_with(monkeypatch, "--smoke", "--results", str(own)).results == own
    elsewhere = started_with(monkeypatch, "--smoke").results
    assert elsewhere.parent.is_dir()
    assert elsewhere.parent.parent == tmp_path
    assert capsys.readouterr().err == f"smoke run: results go to {elsewhere}\n"


def test_bad_input_is_one_line(capsys, monkeypatch, tmp_path):
    assert started_with(monkeypatch, "--size", "3").size == 3
    with pytest.raises(SystemExit) as stopped:
        command_line.run(lambda settings: check_sets(tmp_path), Settings, "An experiment.")
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"error: {tmp_path / 'ws353.txt'}: no such file\n"


def test_an_incomplete_folder_of_sets_is_refused(small_folder):
    check_sets(small_folder)
    (small_folder / "questions-words.txt").unlink()
    with pytest.raises(InputError, match="questions-words"):
        check_sets(small_folder)
