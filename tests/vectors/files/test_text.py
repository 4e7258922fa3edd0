"""Text of word2vec and GloVe, as others write it and as it can be damaged."""

import numpy as np
import pytest
from gensim.models import KeyedVectors
from vector_files import assert_same, load

from jaxw2v import InputError


# gensim leaves the file open.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_glove_without_a_header(wv, peer, tmp_path):
    wv.export(tmp_path / "ours", "glove")
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "ours", no_header=True)
    assert tuple(theirs.index_to_key) == wv.words
    np.testing.assert_array_equal(theirs.vectors, wv.vectors)
    peer.save_word2vec_format(str(tmp_path / "theirs"), write_header=False)
    assert_same(load(tmp_path / "theirs"), wv)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        # word2vec.c and fastText end each line by a blank.
        (b"2 2\na 1 2 \nb 3 4 \n", ("a", "b")),
        (b"a 1 2\nb 3 4\n", ("a", "b")),
        (b"\xef\xbb\xbf2 2\na 1 2\nb 3 4\n", ("a", "b")),
        (b"\xef\xbb\xbfa 1 2\nb 3 4\n", ("a", "b")),
        (b"2 2\r\na 1 2\r\nb 3 4\n", ("a", "b")),
        (b"2\t2\na\t1\t2\nb\t3\t4\n\n\n", ("a", "b")),
        (b"a  1 2\nb 3   4\n", ("a", "b")),
        (b"new york 1 2\n. . . 3 4\n", ("new york", ". . .")),
        (b"2 2\nnew york 1 2\nb 3 4\n", ("new york", "b")),
        (b"a 1e0 +2.0\nb 3. 4e-0\n", ("a", "b")),
    ],
)
def test_text_that_others_write(tmp_path, content, words):
    (tmp_path / "v.vec").write_bytes(content)
    found = load(tmp_path / "v.vec")
    assert found.words == words
    assert found.vectors.tolist() == [[1, 2], [3, 4]]


def test_long_lines_and_blank_ones(tmp_path):
    rows = np.random.default_rng(0).integers(10, 99, (3, 40_000))
    lines = [f"w{i} {' '.join(map(str, row))}\n" for i, row in enumerate(rows)]
    for header in ("", "3 40000\n"):
        (tmp_path / "v.txt").write_text(header + "".join(lines))
        np.testing.assert_array_equal(load(tmp_path / "v.txt").vectors, rows)
    (tmp_path / "v.txt").write_text("a 1 2\n\nb 3 4\n\n\n")
    with pytest.raises(InputError, match=":2: expected a word and 2 numbers, got 0"):
        load(tmp_path / "v.txt")


BAD_ROWS = [
    (b"2 2\na 1 2\nb 1\n", ":3: expected a word and 2 numbers, got 1"),
    (b"2 2\na 1 2\nb 1 2 3\n", ":3: expected a word and 2 numbers, got 3"),
    (b"a 1 2\nb 1 2 3\n", ":2: expected a word and 2 numbers, got 3"),
    (b"2 2\na 1 2\nb 1 x\n", ":3: holds something that is not a number: b'x'"),
    (b"2 2\na 1 2\nb 1 1_0\n", ":3: holds something that is not a number: b'1_0'"),
    (b"2 2\na 1 2\nb 1 nan\n", ":3: holds a number that is not finite: the vector of 'b'"),
    (b"2 2\na 1 2\nb inf 1\n", ":3: holds a number that is not finite"),
    (b"2 2\na 1 2\nb 1e99 1\n", ":3: holds a number that is not finite"),
    (b"2 2\na 1 2\na 3 4\n", ":3: the word stands there twice: 'a', first as line 2"),
    (b"2 2\na 1 2\n\xff\xfe 3 4\n", ":3: the word is not UTF-8: byte 0xff"),
    (b"2 2\na 1 2\n 3 4\n", ":3: expected a word and 2 numbers"),
    (b"2 2\n\na 1 2\n", ":2: expected a word and 2 numbers"),
    (b"2 2\na 1 2\nb 3 4\rc 5 6\n", ":3: holds a carriage return inside the line"),
]


@pytest.mark.parametrize(("content", "message"), BAD_ROWS)
def test_a_bad_row_is_named_or_left_out(tmp_path, content, message):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(path)
    with pytest.warns(RuntimeWarning, match="1 rows are left out: 1 where .*; the first is .*:"):
        found = load(path, errors="skip")
    assert found.words == ("a",)
    assert found.vectors.tolist() == [[1, 2]]


def test_a_file_that_may_be_cut_in_its_last_number(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"a 1 2\nb 1 2.")
    with pytest.warns(RuntimeWarning, match="its last line has no end: it may be cut short"):
        assert load(tmp_path / "v.txt").words == ("a", "b")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"2 2\ncat 10 20\ndog 3 4\n", ("cat", "dog")),
        (b"1 3\n3.14 0.1 0.2 0.3\n", ("3.14",)),
        (b"cat 0.5\ndog 0.25\n", ("cat", "dog")),
    ],
)
def test_what_a_header_or_points_prove_is_read(tmp_path, content, words):
    (tmp_path / "v").write_bytes(content)
    assert load(tmp_path / "v").words == words
