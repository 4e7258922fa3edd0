"""word2vec's binary files."""

import numpy as np
import pytest
from vector_files import ROWS, assert_same, binary_file, load

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary


def test_binary_rows_without_line_feeds(tmp_path):
    rows = np.array([[1, 2], [3, 4]], np.float32)
    content = b"2 2\na " + rows[0].tobytes() + b"b " + rows[1].tobytes()
    (tmp_path / "v.bin").write_bytes(content)
    assert load(tmp_path / "v.bin").vectors.tolist() == rows.tolist()


@pytest.mark.parametrize("dim", [1, 2, 4, 300])
def test_any_binary_row_is_told_from_text(tmp_path, dim):
    """Bytes of numbers may look like the end of a line of text."""
    rng = np.random.default_rng(dim)
    words = tuple(f"w{i}" for i in range(20))
    for _ in range(60):
        vectors = rng.normal(size=(20, dim)).astype(np.float32)
        raw = vectors.view(np.uint8)
        raw[0, 1:4] = list(b" 5\n")
        raw[1, -3:] = list(b" 7\n")
        ours = WordVectors(Vocabulary(words, np.arange(20, 0, -1)), np.nan_to_num(vectors))
        ours.export(tmp_path / "v.bin", "word2vec-bin", overwrite=True)
        assert_same(load(tmp_path / "v.bin"), ours)


SPACED = [("the", [1, 2, 3]), ("new york", [4, 5, 6]), ("cat", [7, 8, 9]), ("dog", [1, 1, 1])]


@pytest.mark.parametrize("errors", ["strict", "replace", "skip"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary_rows_after_a_shifted_one_are_never_taken(tmp_path, errors, end):
    """After the blank in "new york" all bytes are read from the wrong place."""
    (tmp_path / "v.bin").write_bytes(binary_file(SPACED, 4, end))
    with pytest.raises(InputError, match=r"v.bin: word \d") as got:
        load(tmp_path / "v.bin", errors=errors)
    assert "skip" not in str(got.value)
    assert "--limit" not in str(got.value)


@pytest.mark.parametrize(
    "row", [("a", [1, 1, 1]), ("b", [1, np.nan, 1]), ("", [1, 1, 1])], ids=["twice", "nan", "empty"]
)
def test_no_binary_row_is_left_out(tmp_path, row):
    (tmp_path / "v.bin").write_bytes(binary_file([("a", [1, 2, 3]), row], 2))
    for errors in ("strict", "skip"):
        with pytest.raises(
            InputError, match=r"word 2: .*; mend the file: .* no row can be left out"
        ):
            load(tmp_path / "v.bin", errors=errors)


def test_a_binary_file_after_a_byte_order_mark(tmp_path):
    (tmp_path / "v.bin").write_bytes(b"\xef\xbb\xbf" + binary_file([("a", [1, 2, 3])], 1))
    assert load(tmp_path / "v.bin")["a"].tolist() == [1, 2, 3]


def test_a_binary_file_that_ends_inside_a_row_names_no_limit(tmp_path):
    (tmp_path / "v").write_bytes(binary_file(ROWS, 3)[:-2])
    with pytest.raises(InputError, match="word 3 of 3 has no complete vector") as got:
        load(tmp_path / "v")
    assert "--limit" not in str(got.value)
