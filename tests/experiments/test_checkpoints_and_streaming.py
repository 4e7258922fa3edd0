"""The experiments on checkpoints and on streaming run end to end."""

import json

import pytest

from experiments.checkpoints.run import Checkpoints
from experiments.streaming.run import Streaming

pytestmark = pytest.mark.slow


@pytest.mark.lengthy
def test_checkpoints_smoke(small_folder):
    results = small_folder / "results.json"
    parts = ("kill", "terminate", "meshes")
    corpus = small_folder / "corpus.txt"
    Checkpoints(corpus, parts, results=results, smoke=True).measure()
    found = json.loads(results.read_text())
    assert found["kill"]["kills"] == 1
    assert found["kill"]["runs"] == found["kill"]["runs_with_the_same_bits"] >= 1
    assert found["terminate"]["killed by TERM"]["exit_code"] == 130
    assert "--resume goes on from step" in found["terminate"]["killed by TERM"]["said"][-1]
    assert found["meshes"][0]["same_bits_at_the_end"]


@pytest.mark.lengthy
def test_streaming_smoke(small_folder):
    results = small_folder / "results.json"
    Streaming(small_folder / "corpus.txt", results=results, smoke=True).measure()
    found = json.loads(results.read_text())
    assert found["memory"]["taken_up_is_the_same"]
    assert found["memory"]["training"]["exit_code"] == 0
    assert found["speed"]["same_bits"]
