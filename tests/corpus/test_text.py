"""Lines, bytes and files of text."""

import bz2
import gzip
import lzma

import pytest
from encoded import TEXT, assert_encodes

from jaxw2v import Config, InputError
from jaxw2v.compression import zstd
from jaxw2v.corpus import open_corpus, text


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
