"""Compressed files are opened by what they hold."""

import bz2
import gzip
import lzma

import pytest
from vector_files import assert_same, load

from jaxw2v import InputError
from jaxw2v.compression import zstd


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-bin", "glove", "safetensors"])
@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_compressed_files(wv, tmp_path, format, compress):
    wv.export(tmp_path / "v", format)
    (tmp_path / "v").write_bytes(compress((tmp_path / "v").read_bytes()))
    assert_same(load(tmp_path / "v"), wv)
    (tmp_path / "v").write_bytes((tmp_path / "v").read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged or cut short"):
        load(tmp_path / "v")


@pytest.mark.parametrize("word", ["x^2", "x\x01", "BZh9", "%PDF"])
def test_words_that_begin_as_other_files_do(tmp_path, word):
    (tmp_path / "v.txt").write_text(f"{word} 1 2\nb 3 4\n")
    assert load(tmp_path / "v.txt").words == (word, "b")
    (tmp_path / "v.txt").write_text(f"2 2\nb 3 4\n{word} 1 2\n")
    assert load(tmp_path / "v.txt").words == ("b", word)
