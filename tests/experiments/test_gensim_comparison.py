"""The comparison runs end to end on a small corpus, both systems in processes of their own."""

import json

import pytest

from experiments.gensim_comparison.run import Comparison, executions


@pytest.mark.slow
@pytest.mark.lengthy
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
    assert [e["words_per_second"]["gensim"] for e in found["executions"]] == [
        summary["gensim"]["words_per_second"]
    ]


def test_an_execution_is_listed_after_those_with_its_settings():
    def found(gensim, **settings):
        summary = {
            system: {"words_per_second": speed, "sum_of_scores": 1.0}
            for system, speed in (("gensim", gensim), ("jaxw2v", 9.0))
        }
        return {"summary": summary, "settings": {"systems": ["gensim", "jaxw2v"], **settings}}

    first = found(2.0, epochs=5)
    first["executions"] = executions({}, first)
    assert [
        [e["words_per_second"]["gensim"] for e in executions(first, now)]
        for now in (found(3.0, epochs=5), found(4.0, epochs=1))
    ] == [[2.0, 3.0], [4.0]]
    assert executions(first, found(5.0, epochs=5, systems=["jaxw2v"])) == []
