"""The comparison runs end to end on a small corpus, both systems in processes of their own."""

import json

import pytest

from experiments.gensim_comparison.run import Comparison


@pytest.mark.slow
def test_smoke(small_folder):
    results = small_folder / "results.json"
    settings = Comparison(
        str(small_folder / "corpus.txt"), small_folder, results=results, smoke=True
    )
    settings.measure()
    found = json.loads(results.read_text())
    assert [run["system"] for run in found["runs"]] == ["gensim", "jaxw2v"]
    # Both have read the same words.
    assert [run["raw_words"] for run in found["runs"]] == [6_000, 6_000]
    summary = found["summary"]
    ratio = summary["jaxw2v"]["words_per_second"] / summary["gensim"]["words_per_second"]
    assert summary["ratio_of_words_per_second"] == ratio
    assert str(small_folder) not in json.dumps(found["settings"])
