"""The file into which experiments write."""

import json

from experiments import results_file


def test_a_part_measured_again_elsewhere_leaves_the_others_as_they_were(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    results_file.store(path, "a", 1)
    results_file.store(path, "b", 2)
    here = results_file.environment()
    elsewhere = {"hardware": {"processor": "other", "cores": 3}, "versions": {"jax": "0"}}
    monkeypatch.setattr(results_file, "environment", lambda: elsewhere)
    results_file.store(path, "b", 5)
    assert json.loads(path.read_text()) == {
        "a": 1,
        "b": 5,
        "measured_on": {"a": here, "b": elsewhere},
    }


def test_writing_leaves_the_results_as_they_are(tmp_path):
    path, results = tmp_path / "results.json", {"a": 1}
    results_file.write(path, results)
    assert results == {"a": 1}
    assert json.loads(path.read_text()) == {"a": 1, **results_file.environment()}


def test_results_do_not_say_where_the_folder_was():
    part = results_file.in_folder(lambda n, at: {"said": f"{at / 'run'}: {n}, {at}/x"}, 3)
    assert part() == {"said": "run: 3, x"}
