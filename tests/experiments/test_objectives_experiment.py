"""The objectives run end to end on a small corpus."""

import json

import numpy as np

from experiments.objectives.run import Objectives, measure, summarize


def test_smoke(tmp_path):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(30)]
    (tmp_path / "corpus.txt").write_text(
        "\n".join(" ".join(rng.choice(words, 20)) for _ in range(250))
    )
    pairs = "\n".join(f"{a} {b} {rng.uniform(0, 10)}" for a, b in rng.choice(words, (20, 2)))
    for name in ("ws353", "simlex999"):
        (tmp_path / f"{name}.txt").write_text(pairs)
    (tmp_path / "questions-words.txt").write_text(": s\nw1 w2 w3 w4\nw5 w6 w7 w8\n")
    results = tmp_path / "results.json"
    measure(Objectives(str(tmp_path / "corpus.txt"), tmp_path, results, smoke=True))
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
