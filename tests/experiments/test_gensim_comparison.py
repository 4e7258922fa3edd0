"""The comparison runs end to end on a small corpus, both systems in processes of their own."""

import json

import numpy as np

from experiments.gensim_comparison.run import Comparison, compare


def test_smoke(tmp_path, capfd):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(30)]
    (tmp_path / "corpus.txt").write_text(
        "\n".join(" ".join(rng.choice(words, 20)) for _ in range(300))
    )
    pairs = "\n".join(f"{a} {b} {rng.uniform(0, 10)}" for a, b in rng.choice(words, (20, 2)))
    for name in ("ws353", "simlex999"):
        (tmp_path / f"{name}.txt").write_text(pairs)
    (tmp_path / "questions-words.txt").write_text(": s\nw1 w2 w3 w4\nw5 w6 w7 w8\n")
    results = tmp_path / "results.json"
    compare(Comparison(str(tmp_path / "corpus.txt"), tmp_path, results, smoke=True))
    found = json.loads(results.read_text())
    assert [run["system"] for run in found["runs"]] == ["gensim", "jaxw2v"]
    # Both have read the same words.
    assert [run["raw_words"] for run in found["runs"]] == [6_000, 6_000]
    summary = found["summary"]
    ratio = summary["jaxw2v"]["words_per_second"] / summary["gensim"]["words_per_second"]
    assert summary["ratio_of_words_per_second"] == ratio
    assert str(tmp_path) not in json.dumps(found["settings"])
