"""Every part runs on a CPU, and what was found outlives parts that fail or are cut short."""

import json
import os

import jax
import numpy as np
import pytest

from experiments.accelerator import part, run
from experiments.accelerator.agreement import _difference
from experiments.accelerator.draw import draw
from experiments.accelerator.jobs import distance
from experiments.accelerator.run import PARTS, Accelerator
from experiments.accelerator.settings import Settings
from experiments.throughput.kernels import Event, gaps
from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary

HERE = ("device", "agreement", "speed", "without_graphs", "streaming", "queries", "deterministic")


def done_here(folder, name):
    """A part in this process; programs that the suite has compiled are taken from its cache."""
    path = folder / "results.json"
    settings = Settings(str(folder / "corpus.txt"), str(folder), 30_000, True)
    part.main(name, str(path), json.dumps(settings._asdict()))
    return json.loads(path.read_text())


def test_parts_are_those_of_the_command_line():
    assert set(part.PARTS) == set(PARTS)


@pytest.mark.slow
@pytest.mark.lengthy
def test_smoke(small_folder):
    for name in HERE:
        results = done_here(small_folder, name)
    assert set(results) == {*HERE, "measured_on"}
    assert results["device"]["kind"] == jax.devices()[0].device_kind
    (agreement,) = results["agreement"].values()
    assert agreement["steps"] == 3
    # The same device twice.
    assert agreement["epoch"] == {"largest": 0, "above_1e-6": 0}
    assert [case["name"] for case in results["speed"]["cases"]] == ["dim 128", "dim 300", "blog"]
    assert min(case["words_per_second"] for case in results["speed"]["cases"]) > 0
    (case,) = results["without_graphs"]["cases"]
    assert 0 < case["last_epoch"]["busy_milliseconds"] <= case["last_epoch"]["milliseconds"]
    assert results["queries"]["same_ten_as_numpy"] == "20 of 20"
    assert results["deterministic"]["same_bits"]
    draw(results["speed"]["cases"], small_folder / "speed.png")
    assert (small_folder / "speed.png").stat().st_size > 1_000


@pytest.mark.slow
@pytest.mark.lengthy
def test_the_whole_job_and_a_run_that_is_killed(small_folder):
    results = done_here(small_folder, "job")
    assert [record["seed"] for record in results["job"]["runs"]] == [1, 2, 3, 1]
    assert results["job"]["same_seed"]["largest"] == 0
    results = done_here(small_folder, "resume")
    assert results["resume"]["vectors"]["largest"] == 0


@pytest.mark.slow
def test_a_part_that_fails_or_takes_too_long_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"queries": {"found": "earlier"}}))
    started = {"device": "keep({'found': 1}); raise ValueError('no such kernel')"}
    started["speed"] = "keep({'found': 2}); import time; time.sleep(600)"
    (tmp_path / "part.py").write_text(
        "import sys; from pathlib import Path; from experiments import results_file\n"
        "def keep(found): results_file.store(Path(sys.argv[2]), sys.argv[1], found)\n"
        f"exec({started!r}[sys.argv[1]])\n"
    )
    monkeypatch.setattr(run, "MODULE", ("-c", (tmp_path / "part.py").read_text()))
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    results = Accelerator(parts=("device", "speed"), minutes=0.1, results=path).measure()
    assert results["queries"] == {"found": "earlier"}
    assert results["device"] == {"found": 1}
    assert results["speed"] == {"found": 2}
    assert "no such kernel" in results["not_finished"]["device"]
    assert results["not_finished"]["speed"] == "the time was up"


def test_a_missing_corpus_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        Accelerator(tmp_path / "none.txt", results=tmp_path / "results.json").measure()


def test_gaps_are_counted_by_hand():
    """Two kernels overlap, then nothing runs for 5 ns."""
    events = [Event(0, 10, "a"), Event(4, 3, "b"), Event(15, 5, "c")]
    found = gaps(events)
    assert found["milliseconds"] == 20e-6
    assert found["busy_milliseconds"] == 15e-6
    assert found["gaps"] == [{"after": "a", "before": "c", "calls": 1, "milliseconds": 5e-6}]


def test_distance_of_two_runs(tmp_path):
    words = Vocabulary.from_counts(["a", "b"], [2, 1])
    one = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    other = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)
    for name, rows in (("one", one), ("other", other)):
        WordVectors(words, rows).save(tmp_path / name)
    found = distance(tmp_path / "one", tmp_path / "other")
    assert found == {"median": 0, "largest": 1, "above_0.01": 0.25, "median_cosine": 1}


def test_a_difference_is_found():
    class State:
        def __init__(self, value):
            self.input_embedding, self.output_embedding = np.zeros(3), np.array([0, value])

    assert _difference(State(0), State(2)) == {"largest": 2, "above_1e-6": 0.2}
