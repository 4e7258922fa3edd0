"""Text of all kinds as the oracle encodes it."""

import bz2
import gzip
import lzma

import numpy as np
import polars as pl
import pytest
from encoded import LINES, TEXT, assert_encodes, sentences_of, words

from jaxw2v import Config, Files, InputError
from jaxw2v.compression import zstd
from jaxw2v.corpus import encode, open_corpus, text


@pytest.mark.parametrize("min_count", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "opener"),
    [("a.txt", open), ("a.gz", gzip.open), ("a.xz", lzma.open), ("a.bz2", bz2.open),
     ("a.zst", zstd.open), ("misnamed.txt", gzip.open)],
)  # fmt: skip
def test_files_encode_as_the_oracle_does(tmp_path, name, opener, min_count):
    with opener(tmp_path / name, "wb") as file:
        file.write(TEXT.encode())
    stream = open_corpus(str(tmp_path / name), Config(min_count=min_count))
    assert_encodes(stream, [words(line) for line in LINES], min_count)


def test_random_text_in_tiny_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "CHUNK_BYTES", 64)
    monkeypatch.setattr(encode, "TOKENS_PER_PASS", 37)
    rng = np.random.default_rng(0)
    alphabet = [f"w{i}é" for i in range(40)]
    sentences = [
        [alphabet[int(i)] for i in rng.zipf(1.5, rng.integers(0, 60)) % 40] for _ in range(50)
    ]
    path = tmp_path / "random.txt"
    path.write_text("\n".join(map(" ".join, sentences)))
    assert_encodes(open_corpus(path, Config(min_count=3)), sentences, 3)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "arrow"])
def test_tables(tmp_path, form):
    path = str(tmp_path / f"table.{form}")
    frame = pl.DataFrame({"n": [1, 2, 3], "body": ["a b", None, "b c"]})
    write = {"parquet": "parquet", "csv": "csv", "jsonl": "ndjson", "arrow": "ipc"}[form]
    getattr(frame, f"write_{write}")(path)
    with pytest.warns(UserWarning, match="^1 of 3 rows have no text in column 'body'"):
        stream = open_corpus(path, Config(min_count=1, text_column="body"))
    assert_encodes(stream, [["a", "b"], ["b", "c"]], 1)
    with pytest.raises(InputError, match=r"no column 'text'; it has n, body"):
        open_corpus(path, Config(min_count=1))


def test_python_corpora():
    class Anew:
        def __iter__(self):
            return iter(LINES)

    for corpus in (LINES, Anew()):
        assert_encodes(open_corpus(corpus, Config(min_count=1)), [words(x) for x in LINES], 1)
    tokens = [["A b", "c"], [], ["c"]]
    assert_encodes(open_corpus(tokens, Config(min_count=1)), tokens, 1)


def test_python_corpora_that_cannot_be_used(tmp_path):
    (tmp_path / "a.txt").write_text("a a")
    for corpus, message in [
        ((line for line in LINES), "one-shot"),
        (["a b", ["c"]], "mixed"),
        ([1, 2], "item 0 is neither"),
        ([["a", 1]], "item 0 is neither"),
        ([], "no word"),
        ([str(tmp_path / "a.txt")], "names of files"),
        (7, "not <class 'int'>"),
    ]:
        with pytest.raises(InputError, match=message):
            open_corpus(corpus, Config(min_count=1))


def test_paths(tmp_path):
    for name in "ba":
        (tmp_path / f"{name}.txt").write_text(f"{name} x\n")
    by_glob = open_corpus(str(tmp_path / "*.txt"), Config(min_count=1))
    by_paths = open_corpus([tmp_path / "a.txt", tmp_path / "b.txt"], Config(min_count=1))
    by_files = open_corpus(
        Files((str(tmp_path / "a.txt"), str(tmp_path / "b.txt"))), Config(min_count=1)
    )
    for stream in (by_glob, by_paths, by_files):
        assert sentences_of(stream) == [[1, 0], [2, 0]]
    for path, message in [(tmp_path, "is a directory"), (tmp_path / "no", "no such file")]:
        with pytest.raises(InputError, match=message):
            open_corpus(path, Config())


def test_tokens_that_the_vocabulary_file_cannot_hold_are_refused():
    for word in ("a\tb", "a\r", "a\nb", ""):
        with pytest.raises(InputError, match="tab or a line break"):
            open_corpus([[word, "c"]], Config(min_count=1))


def test_cells_are_text_even_where_they_look_like_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("text\n007\n12\n")
    stream = open_corpus(tmp_path / "a.csv", Config(min_count=1))
    assert set(stream.vocabulary.words) == {"007", "12"}
