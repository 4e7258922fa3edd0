"""Counting in bounded memory."""

import numpy as np
import polars as pl
import pytest

from jaxw2v.corpus import counting
from jaxw2v.corpus.counting import WordCounts


def test_counts_are_exact_below_the_cap_and_bounded_above(monkeypatch):
    monkeypatch.setattr(counting, "ROWS_BEFORE_MERGE", 8)
    rng = np.random.default_rng(0)
    tokens = rng.zipf(1.3, 4_000) % 2_000
    exact = dict(zip(*np.unique(tokens, return_counts=True), strict=True))

    def count(cap):
        counts, largest = WordCounts(cap), 0
        for part in np.split(tokens, 40):
            words, seen = np.unique(part, return_counts=True)
            counts.add(pl.DataFrame({"word": [f"w{w}" for w in words], "count": seen}))
            largest = max(largest, sum(map(len, counts._pending)))
        return counts, largest

    counts, _ = count(10_000)
    found = {int(word[1:]): n for word, n in counts.table().iter_rows()}
    assert found == exact
    counts, largest = count(200)
    assert largest <= 200 + 100
    with pytest.warns(RuntimeWarning, match="more than 200 different words: those seen"):
        table = counts.table()
    assert len(table) <= 200
    for word, n in table.iter_rows():
        assert n <= exact[int(word[1:])]
    top = sorted(exact, key=exact.get)[-20:]
    assert {f"w{w}" for w in top} <= set(table["word"])
