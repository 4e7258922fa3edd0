"""The objectives run end to end on a small corpus."""

import json

import pytest

from experiments.objectives.run import Objectives, summarize


@pytest.mark.slow
@pytest.mark.lengthy
def test_smoke(small_folder):
    results = small_folder / "results.json"
    corpus = str(small_folder / "corpus.txt")
    Objectives(corpus, small_folder, results=results, smoke=True).measure()
    found = json.loads(results.read_text())["slice"]["summary"]
    ours = {(r["objective"], r["output_layer"]) for r in found if r["system"] == "jaxw2v"}
    assert len(ours) == 6
    assert all(r["words_per_second"] > 0 for r in found)


def test_the_summary_is_the_mean_over_seeds():
    scores = {"ws353": 0.1, "simlex999": 0.2, "google_analogies": 0.3}
    run = {"system": "gensim", "objective": "cbow", "output_layer": "softmax", **scores}
    (record,) = summarize([{**run, "words_per_second": speed} for speed in (1.0, 3.0)])
    assert record["words_per_second"] == 2.0
    assert abs(record["mean_score"] - 0.2) < 1e-9
    assert "loss" not in record
