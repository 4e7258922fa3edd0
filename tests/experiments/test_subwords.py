"""What the experiment on n-grams makes of its runs."""

import sys

import pytest

from experiments.subwords.run import (
    SETS,
    Subwords,
    differences,
    differences_table,
    summarize,
    table,
)
from jaxw2v import InputError

RUN = {
    "system": "jaxw2v",
    "subwords": True,
    "total_seconds": 10.0,
    "peak_memory_mib": 500.0,
    "raw_words": 1_000_000,
    "ws353": 0.5,
    "simlex999": 0.25,
    "simlex999_with_unseen": 0.125,
    "syntactic": 0.75,
    "semantic": 0.125,
}


def test_words_a_second_count_all_of_the_time():
    (record,) = summarize([RUN, RUN | {"total_seconds": 30.0}], epochs=5, sets=SETS)
    assert record["words_per_second"] == 250_000
    shown = table({"whole": {"sets": SETS, "summary": [record]}})
    expected = "0.250 M | 500 MiB | 0.500 | 0.250 (0.125) | 0.750 | 0.125 |"
    assert f"| whole | `--subwords` | 2 | {expected}" in shown


def test_differences_have_the_error_of_both_means():
    alone = RUN | {"subwords": False}
    runs = [
        alone | {"ws353": 0.375},
        RUN | {"ws353": 0.5},
        RUN | {"system": "fasttext", "ws353": 0.0},
        alone | {"ws353": 0.625},
        RUN | {"ws353": 0.75},
    ]
    found = differences(runs, SETS)
    # Both have a variance of 1 / 32, of two runs each.
    assert found["seeds"] == 2
    assert found["ws353"] == [0.125, 32**-0.5]
    assert [found[name] for name in SETS[1:]] == [[0, 0]] * 3
    shown = differences_table({"whole": {"sets": SETS[:2], "differences": found}})
    assert "| whole | 2 | +0.125 ± 0.177 | +0.000 ± 0.000 |" in shown
    assert differences(runs[:2], SETS)["ws353"] == [0.125, None]


def test_without_fasttext_it_says_what_to_install(small_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(InputError, match="pip install fasttext-community"):
        Subwords(str(small_folder / "corpus.txt"), small_folder, smoke=True).check()
