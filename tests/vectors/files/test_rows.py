"""Rows as they are read: limits, bytes that are no text, headers that promise too much."""

import gzip
import tracemalloc

import pytest
from vector_files import ROWS, binary_file, load

from jaxw2v import InputError
from jaxw2v.vectors.files import text


def test_a_compressed_header_that_promises_too_much(tmp_path):
    for dim in (3_000_000, 30_000_000_000):
        (tmp_path / "v.gz").write_bytes(gzip.compress(b"5 %d\ncat 1 2 3\n" % dim))
        tracemalloc.start()
        with pytest.raises(InputError, match=r"the header promises .* numbers a word"):
            load(tmp_path / "v.gz")
        assert tracemalloc.get_traced_memory()[1] < 1 << 25
        tracemalloc.stop()


def test_a_limit_counts_good_rows(tmp_path, monkeypatch):
    (tmp_path / "v.txt").write_text("a 1. 0\na 2. 0\nb 3. 0\nc x 0\nd 5. 0\ne 6. 0\n")
    for chunk in (1 << 24, 5):
        monkeypatch.setattr(text, "CHUNK_BYTES", chunk)
        with pytest.warns(RuntimeWarning, match="rows are left out"):
            assert load(tmp_path / "v.txt", limit=3, errors="skip").words == ("a", "b", "d")


def test_bytes_that_are_not_utf8_can_be_replaced(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"3 1\n\xff 1\n\xfe 2\nb 3\n")
    found = load(tmp_path / "v.txt", errors="replace")
    assert found.words == ("�", "b")
    assert found.vectors.tolist() == [[1], [3]]


@pytest.mark.parametrize("form", ["text", "binary", "binary with line feeds"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize(("promised", "word"), [(4, "cut short"), (5, "cut short"), (2, "goes on")])
def test_what_a_wrong_header_leaves_is_read_by_a_limit(tmp_path, form, compress, promised, word):
    content = binary_file(ROWS, promised, b"\n" if form.endswith("feeds") else b"")
    if form == "text":
        lines = [f"{word} {' '.join(map(str, row))}" for word, row in ROWS]
        content = "\n".join([f"{promised} 3", *lines, ""]).encode()
    (tmp_path / "v").write_bytes(compress(content))
    there = min(3, promised)
    with pytest.raises(InputError, match=f"{word}.*by --limit {there}$"):
        load(tmp_path / "v")
    found = load(tmp_path / "v", limit=there)
    assert found.words == ("the", "cat", "dog")[:there]
    assert found.vectors.tolist() == [row for _, row in ROWS][:there]
