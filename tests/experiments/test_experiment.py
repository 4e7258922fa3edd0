"""What every experiment has."""

import dataclasses
import json
from pathlib import Path
from typing import ClassVar

import pytest

from experiments import results_file
from experiments.experiment import Experiment
from experiments.scores import check_sets


@dataclasses.dataclass(frozen=True)
class Sizes(Experiment):
    SMOKE: ClassVar[dict] = {"size": 1, "rounds": 2}
    shown: ClassVar[list] = []

    size: int = 10
    rounds: int = 20
    sets: Path | None = None

    def check(self):
        if self.sets:
            check_sets(self.sets)

    def work(self):
        if self.size == 13:
            raise KeyboardInterrupt
        return {"size": lambda: self.size, "rounds": lambda: self.rounds}

    def show(self, results):
        self.shown.append(results)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Temporary folders of smoke runs."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_results_go_beside_the_experiment_and_those_of_a_smoke_run_elsewhere(elsewhere, capsys):
    assert Sizes().results == Path(__file__).with_name("results.json")
    smoke = Sizes(smoke=True)
    assert smoke.results.parent.parent == elsewhere
    assert smoke.results.parent.is_dir()
    assert capsys.readouterr().err == f"smoke run: results go to {smoke.results}\n"
    own = elsewhere / "own.json"
    assert Sizes(smoke=True, results=own).results == own


def test_a_smoke_run_is_small_except_for_what_was_asked_for():
    smoke, other = Sizes(smoke=True), Sizes(smoke=True, size=5)
    assert (smoke.size, smoke.rounds) == (1, 2)
    assert (other.size, other.rounds) == (5, 2)
    assert (Sizes().size, Sizes().rounds) == (10, 20)


def test_measuring_stores_the_parts_and_shows_them(tmp_path):
    path = tmp_path / "results.json"
    results_file.store(path, "earlier", 7)
    results = Sizes(results=path, size=3).measure()
    assert {name: results[name] for name in ("earlier", "size", "rounds")} == {
        "earlier": 7,
        "size": 3,
        "rounds": 20,
    }
    assert set(results["measured_on"]) == {"earlier", "size", "rounds"}
    assert json.loads(path.read_text()) == results == Sizes.shown[-1]


def started_with(monkeypatch, *options):
    monkeypatch.setattr("sys.argv", ["run", *map(str, options)])
    Sizes.main("An experiment.")


def test_options_are_the_fields(monkeypatch, tmp_path):
    path = tmp_path / "results.json"
    started_with(monkeypatch, "--results", path, "--size", "4")
    assert json.loads(path.read_text())["size"] == 4


def test_bad_input_is_one_line_and_an_interruption_is_said(monkeypatch, capsys, tmp_path):
    path = tmp_path / "results.json"
    for options, code, said in (
        (("--sets", tmp_path), 2, f"error: {tmp_path / 'ws353.txt'}: no such file\n"),
        (("--results", tmp_path / "no" / "r"), 2, "its folder does not exist"),
        (("--size", 13), 130, "results of the parts that were done are kept"),
    ):
        with pytest.raises(SystemExit) as stopped:
            started_with(monkeypatch, "--results", path, *options)
        assert stopped.value.code == code
        assert said in capsys.readouterr().err
    assert not path.exists()


def test_a_subclass_that_is_no_dataclass_is_refused():
    class Forgotten(Sizes):
        pass

    with pytest.raises(TypeError, match="Forgotten needs @dataclasses"):
        Forgotten.main("An experiment.")
