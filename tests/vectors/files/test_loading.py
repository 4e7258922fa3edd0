"""Paths and options of loading, and files as accidents leave them."""

import gzip
import tracemalloc
import warnings

import numpy as np
import pytest
from vector_files import load

from jaxw2v import InputError


def test_paths_and_options_that_cannot_be(wv, tmp_path):
    for path, options, message in [
        (tmp_path / "none", {}, "none: no such file or folder"),
        (tmp_path, {}, "holds no vectors.safetensors"),
        (tmp_path / "none", {"limit": 0}, "limit is 0"),
        (tmp_path / "none", {"errors": "ignore"}, "errors is 'ignore'; it must be one of strict"),
    ]:
        with pytest.raises(InputError, match=message):
            load(path, **options)


def mutated(content, rng):
    """A file as accidents leave it: cut, with bytes changed, lost, doubled or put in."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at, length = int(rng.integers(len(data) + 1)), int(rng.integers(1, 40))
        kind = rng.integers(6)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at : at + length]
        elif kind == 3:
            data[at:at] = rng.bytes(length)
        elif kind == 4:
            data[at : at + 1] = [b" ", b"\n", b"\0", b"\xff", b"9", b"-", b"\r"][rng.integers(7)]
        else:
            swap = int(rng.integers(len(data) + 1))
            data[at : at + 4], data[swap : swap + 4] = data[swap : swap + 4], data[at : at + 4]
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("errors", ["strict", "skip"])
@pytest.mark.parametrize("name", ["v.txt", "v.glove", "v.bin", "v.safetensors", "v.gz", "static"])
def test_a_mutated_file_is_an_error_or_a_table(wv, tmp_path, name, errors):
    """Never another exception, nor memory beyond some times the file."""
    formats = {"v.txt": "word2vec-text", "v.glove": "glove", "v.bin": "word2vec-bin"}
    formats |= {"v.safetensors": "safetensors", "v.gz": "word2vec-text"}
    path = tmp_path / name
    wv.export(path, formats.get(name, "static-embedding"))
    file = path / "tokenizer.json" if name == "static" else path
    content = file.read_bytes()
    if name == "v.gz":
        content = gzip.compress(content)
    rng, tables = np.random.default_rng(len(name)), 0
    for _ in range(250):
        file.write_bytes(mutated(content, rng))
        tracemalloc.start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                found = load(path, errors=errors)
            except InputError as error:
                message = str(error)
                assert str(path) in message
                assert "\n" not in message
                assert len(message) < 600
            else:
                tables += 1
                assert len(set(found.words)) == len(found.words) == len(found.vectors)
                assert np.isfinite(found.vectors).all()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 50 * len(content) + (1 << 25)
    # gzip has a checksum of its own.
    assert name == "v.gz" or tables > 0
    assert tables < 250


@pytest.mark.parametrize("limit", [2.5, "3", True, 0, -1])
def test_a_limit_is_a_whole_number(tmp_path, limit):
    (tmp_path / "v").write_text("cat 1. 2\ndog 3. 4\n")
    with pytest.raises(InputError, match="it must be an integer of 1 or more"):
        load(tmp_path / "v", limit=limit)
    assert load(tmp_path / "v", limit=np.int64(1)).words == ("cat",)
