"""The table of all experiments."""

from pathlib import Path

import pytest

from experiments import summary
from experiments.scores import check_sets
from jaxw2v import InputError

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def test_every_experiment_with_results_is_in_the_table():
    with_results = {path.parent.name for path in EXPERIMENTS.glob("*/results.json")}
    assert {line.name for line in summary.LINES} == with_results


def test_every_experiment_says_how_to_run_it():
    for line in summary.LINES:
        text = (EXPERIMENTS / line.name / "README.md").read_text()
        assert f"python -m experiments.{line.name}.run" in text
        assert "**Claim" in text


def test_an_incomplete_folder_of_sets_is_refused(small_folder):
    check_sets(small_folder)
    (small_folder / "questions-words.txt").unlink()
    with pytest.raises(InputError, match="questions-words"):
        check_sets(small_folder)
