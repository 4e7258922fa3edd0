"""Names and words that a format can and cannot hold."""

import bz2
import gzip
import lzma

import numpy as np
import pytest
from vector_files import assert_same, load

from jaxw2v import InputError, WordVectors
from jaxw2v.compression import zstd
from jaxw2v.corpus import Vocabulary


def test_words_that_a_format_cannot_hold(tmp_path):
    for word in ("new york", "a\tb", "a\nb", ""):
        wv = WordVectors(Vocabulary((word,), np.array([1])), np.ones((1, 2)))
        for format in ("word2vec-text", "word2vec-bin", "glove"):
            with pytest.raises(InputError, match="empty or holds white space"):
                wv.export(tmp_path / "v", format)
    spaced = WordVectors(Vocabulary(("new york",), np.array([1])), np.ones((1, 2)))
    assert not list(tmp_path.iterdir())
    spaced.export(tmp_path / "v", "safetensors")
    assert load(tmp_path / "v").words == ("new york",)
    marked = WordVectors(Vocabulary(("\ufeffa", "b"), np.array([2, 1])), np.ones((2, 2)))
    with pytest.raises(InputError, match="byte order mark"):
        marked.export(tmp_path / "w", "glove")
    with pytest.raises(InputError, match="unknown tokenizer 'bogus'"):
        spaced.export(tmp_path / "w", "static-embedding", "bogus")
    with pytest.raises(InputError, match="format is 'other'; it must be one of word2vec-text"):
        spaced.export(tmp_path / "w", "other")
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


OPENERS |= {".zst": zstd.decompress, ".GZ": gzip.decompress}


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-bin", "glove", "safetensors"])
@pytest.mark.parametrize("ending", OPENERS)
def test_a_name_that_says_compressed_is_compressed(wv, tmp_path, format, ending):
    wv.export(tmp_path / "plain", format)
    wv.export(tmp_path / f"v.txt{ending}", format)
    compressed = (tmp_path / f"v.txt{ending}").read_bytes()
    assert OPENERS[ending](compressed) == (tmp_path / "plain").read_bytes()
    assert_same(load(tmp_path / f"v.txt{ending}"), wv)
    wv.export(tmp_path / f"again{ending}", format)
    assert (tmp_path / f"again{ending}").read_bytes() == compressed


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("v.zip", "glove", "no .zip archives are written; end the name by .gz, .bz2, .xz, .zst"),
        ("v.tar.gz", "word2vec-text", "no .tar archives are written"),
        ("v.TGZ", "safetensors", "no .tgz archives are written"),
        ("v.gz", "tensorboard", "tensorboard is a folder, which is not compressed; leave .gz out"),
        ("v.zst", "static-embedding", "static-embedding is a folder"),
    ],
)
def test_names_that_promise_what_is_not_written(wv, tmp_path, name, format, message):
    with pytest.raises(InputError, match=message):
        wv.export(tmp_path / name, format)
    assert not list(tmp_path.iterdir())
