import bz2
import gzip
import lzma
import re
import threading

import numpy as np
import oracles
import polars as pl
import pytest

from jaxw2v import Config, Files, InputError
from jaxw2v.compression import zstd
from jaxw2v.corpus import Known, encode, open_corpus, text

LINES = [
    "The cat sat on the mat.",
    "",
    "The dog sat, too: the END",
    "unique Zoë",
    "the cat and the dog",
]
TEXT = "\n".join(LINES) + "\n"


def words(line):
    return re.findall(r"[^\W_]+", line.lower())


def sentences_of(stream):
    ids, numbers = stream.read(0, len(stream))
    return [part.tolist() for part in np.split(ids, np.flatnonzero(np.diff(numbers)) + 1)]


def assert_encodes(stream, sentences, min_count):
    vocabulary, counts, encoded = oracles.encode(sentences, min_count)
    assert list(stream.vocabulary.words) == vocabulary
    assert stream.vocabulary.counts.tolist() == counts
    assert sentences_of(stream) == encoded
    assert stream.raw_words == sum(map(len, sentences))


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


def test_spellings_of_a_word_are_one_word(tmp_path):
    lines = ["café cafe\u0301 CAFE\u0301 x", "ca\u00adfé", "\u0301", "x café\u200d y"]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    sentences = [["café"] * 3 + ["x"], ["café"], [], ["x", "café", "y"]]
    assert_encodes(open_corpus(str(tmp_path / "a.txt"), Config(min_count=1)), sentences, 1)
    assert_encodes(open_corpus(str(tmp_path / "a.txt"), Config(min_count=2)), sentences, 2)
    given = [["café", "cafe\u0301", "ca\u00adfé"]]
    assert_encodes(open_corpus(given, Config(min_count=1)), given, 1)


def test_one_endless_line_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "CHUNK_BYTES", 256)
    line = [f"word{i % 97}" for i in range(5_000)]
    path = tmp_path / "text8"
    path.write_text(" ".join(line))
    stream = open_corpus(path, Config(min_count=1))
    assert_encodes(stream, [line], 1)


def test_a_byte_order_mark_and_windows_line_ends_are_no_words(tmp_path):
    path = tmp_path / "windows.txt"
    path.write_bytes(b"\xef\xbb\xbfa b\r\na b\r\n")
    stream = open_corpus(path, Config(min_count=1, tokenizer="whitespace"))
    assert stream.vocabulary.words == ("a", "b")


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


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.txt", "is empty"),
        (b"\n \n\n", "a.txt", "no word"),
        (b"ok\nfine\nb\xffad\n", "a.txt", r"a.txt:3: not UTF-8 \(byte 0xff\)"),
        (gzip.compress(TEXT.encode() * 99, mtime=0)[:-30], "a.gz", "damaged or cut short"),
        (lzma.compress(TEXT.encode() * 99)[:-30], "a.xz", "damaged or cut short"),
        (bz2.compress(TEXT.encode() * 99)[:-30], "a.bz2", "damaged or cut short"),
        (zstd.compress(TEXT.encode() * 99)[:-5], "a.zst", "damaged or cut short"),
        (b"not gzip", "a.gz", "damaged"),
        (b"a b c", "a.txt", "no word reaches min_count 2: the most frequent of 3 words occurs 1"),
        (b"PAR1junk", "a.parquet", "cannot be read"),
    ],
)
def test_bad_files(tmp_path, cache, content, name, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_corpus(tmp_path / name, Config(min_count=2))
    assert not any(p.is_file() for p in cache.rglob("*"))


def test_not_utf8_can_be_replaced(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"b\xffad b\n")
    stream = open_corpus(tmp_path / "a.txt", Config(min_count=1, errors="replace"))
    assert set(stream.vocabulary.words) == {"b", "ad"}


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


def test_the_cache_is_keyed_by_content_and_settings(tmp_path, cache, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    open_corpus(path, Config(min_count=1))
    reads = []
    original = text.read_paths
    monkeypatch.setattr(text, "read_paths", lambda *a: reads.append(1) or original(*a))
    (tmp_path / "renamed.txt").write_text(TEXT)
    open_corpus(tmp_path / "renamed.txt", Config(min_count=1, window=3))
    assert reads == []
    open_corpus(path, Config(min_count=2))
    path.write_text(TEXT + "more\n")
    open_corpus(path, Config(min_count=1))
    assert reads == [1, 1]
    assert len(list((cache / "streams").iterdir())) == 3


def test_a_given_vocabulary_is_kept(tmp_path):
    stream = open_corpus(["a a b c"], Config(min_count=1))
    other = open_corpus(["c b z"], Config(min_count=1), Known(stream.vocabulary))
    assert sentences_of(other) == [[2, 1]]
    assert other.vocabulary.words == ("a", "b", "c")
    assert other.vocabulary.counts.tolist() == [0, 1, 1]


def test_a_known_vocabulary_grows(tmp_path):
    """Old words keep their ids, those that do not occur too; new ones follow by their counts."""
    stream = open_corpus(["a a b c"], Config(min_count=1))
    known, text = Known(stream.vocabulary, grow=True), ["c b z y y x", "y z c"]
    for settings, words, counts in [
        ({"min_count": 2}, "a b c y z", [0, 1, 2, 3, 2]),
        ({"min_count": 1, "max_vocabulary": 4}, "a b c y", [0, 1, 2, 3]),
        ({"min_count": 1, "max_vocabulary": 2}, "a b c", [0, 1, 2]),
    ]:
        other = open_corpus(text, Config(**settings), known)
        assert list(other.vocabulary.words) == words.split()
        assert other.vocabulary.counts.tolist() == counts
    path = tmp_path / "a.txt"
    path.write_text("\n".join(text))
    sizes = {
        len(open_corpus(path, Config(min_count=1), known).vocabulary)
        for known in (None, known, Known(stream.vocabulary))
    }
    assert sizes == {5, 6, 3}


def test_reading_a_range_gives_its_sentences():
    stream = open_corpus([["a"] * 3, ["b"] * 2, ["c"] * 4], Config(min_count=1))
    whole = np.repeat([0, 1, 2], [3, 2, 4])
    for start in range(9):
        for stop in range(start + 1, 10):
            ids, sentence_ids = stream.read(start, stop)
            assert sentence_ids.tolist() == whole[start:stop].tolist()
            assert ids.tolist() == stream.read(0, 9)[0][start:stop].tolist()


def test_a_damaged_stream_is_refused(tmp_path, cache):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    open_corpus(path, Config(min_count=1))
    folder = next((cache / "streams").iterdir())
    shard = folder / "shard-00000.ids"
    shard.write_bytes(shard.read_bytes()[:-4])
    with pytest.raises(InputError, match="cut short"):
        open_corpus(path, Config(min_count=1))


def test_processes_may_encode_the_same_corpus_at_once(tmp_path, cache):
    path = tmp_path / "a.txt"
    path.write_text(TEXT * 2_000)
    results = []
    work = [
        threading.Thread(target=lambda: results.append(open_corpus(path, Config()).raw_words))
        for _ in range(3)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert len(results) == 3
    assert len(set(results)) == 1
    assert len(list((cache / "streams").iterdir())) == 1


def test_cells_are_text_even_where_they_look_like_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("text\n007\n12\n")
    stream = open_corpus(tmp_path / "a.csv", Config(min_count=1))
    assert set(stream.vocabulary.words) == {"007", "12"}
