import collections
import json

import polars as pl
import pyarrow as pa
import pytest

from jaxw2v import Config, InputError
from jaxw2v.corpus import open_corpus

ROWS = [{"id": "1", "text": "one two"}, {"id": "2", "text": "two"}]
SURROGATE = json.loads('"bad \\ud83d half"')


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (ROWS, r"corpus item 0 is a dict; give the texts alone, such as rows\['text'\]"),
        ([["one"], collections.UserDict(text="one")], "corpus item 1 is a UserDict"),
        (ROWS[0], r"the corpus is a dict, not sentences; .* rows\['text'\]"),
        (collections.Counter("abc"), "the corpus is a Counter, not sentences"),
        (pl.DataFrame(ROWS), r"the corpus is a DataFrame, not sentences; .* rows\['text'\]"),
        (pl.LazyFrame(ROWS), "the corpus is a LazyFrame, not sentences"),
        (pa.table({"text": ["one"]}), "the corpus is a Table, not sentences"),
        ([pl.DataFrame(ROWS)], "corpus item 0 is a DataFrame"),
        ([b"one two"], "corpus item 0 is neither a string nor a list of words"),
        (["one", SURROGATE], r"corpus item 1: half of a surrogate pair \(U\+D83D\)"),
        ([["one"], ["two", SURROGATE]], r"corpus item 1: half of a surrogate pair \(U\+D83D\)"),
        (["one"] * 70_000 + [SURROGATE], r"corpus item 70000: half of a surrogate pair"),
    ],
)
def test_what_holds_no_sentences_is_refused(corpus, message):
    with pytest.raises(InputError, match=message):
        open_corpus(corpus, Config(min_count=1), show_progress=False)


@pytest.mark.parametrize(
    "corpus",
    [pl.DataFrame(ROWS)["text"], [row["text"] for row in ROWS], ("one two", "two"),
     [["one", "two"], ("two",)], {"one": 1, "two": 2, "two two": 3}.keys()],
    ids=str,
)  # fmt: skip
def test_columns_and_lists_are_read(corpus):
    vocabulary = open_corpus(corpus, Config(min_count=1), show_progress=False).vocabulary
    assert vocabulary.words == ("two", "one")
