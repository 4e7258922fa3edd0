"""Every format: what we write we read, and so does gensim."""

import numpy as np
import pytest
from gensim.models import KeyedVectors
from vector_files import assert_same, load

from jaxw2v import InputError, WordVectors
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary
from jaxw2v.vectors.files import FORMATS, FileFormat, Table, binary, text

# That of n-grams has tests of its own.
READ = [name for name, f in FORMATS.items() if f.read and name != "fasttext-bin"]


def first(wv, size):
    return WordVectors(Vocabulary(wv.words[:size], wv.counts[:size]), wv.vectors[:size])


@pytest.mark.parametrize("format", READ)
def test_what_we_write_we_read(wv, tmp_path, monkeypatch, format):
    monkeypatch.setattr("jaxw2v.devices.row_sharding.ROWS_AT_ONCE", 5)
    for module in (text, binary):
        monkeypatch.setattr(module, "CHUNK_BYTES", 100)
    monkeypatch.setattr(binary, "ROWS_AT_ONCE", 4)
    wv.export(tmp_path / "v", format)
    found = load(tmp_path / "v")
    assert_same(found, wv)
    for limit in (1, 4, 5, len(wv), 99):
        assert_same(load(tmp_path / "v", limit=limit), first(wv, limit))
    if format == "safetensors":
        np.testing.assert_array_equal(found.counts, wv.counts)
    else:
        assert (np.diff(found.counts) < 0).all()


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_our_files_and_we_read_gensims(wv, peer, tmp_path, binary):
    wv.export(tmp_path / "ours", "word2vec-bin" if binary else "word2vec-text")
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "ours", binary=binary)
    assert tuple(theirs.index_to_key) == wv.words
    np.testing.assert_array_equal(theirs.vectors, wv.vectors)
    peer.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
    assert_same(load(tmp_path / "theirs"), wv)


@pytest.mark.parametrize("format", READ)
@pytest.mark.parametrize("words", [("\ufeffa", "a", "b"), ("a", "\ufeffb", "b"), ("b", "\ufeff")])
def test_a_word_that_begins_by_a_byte_order_mark(tmp_path, monkeypatch, format, words):
    wv = WordVectors(
        Vocabulary(words, np.arange(len(words), 0, -1)), np.eye(len(words), 3) + np.float32(0.5)
    )
    if FORMATS[format].begins_with_word and words[0] == "\ufeffa":
        with pytest.raises(InputError, match="begins with a byte order mark, which is not kept"):
            wv.export(tmp_path / "v", format)
        return
    # A mark at the start of a piece of the file is not at that of the file.
    for size in (1 << 24, 18):
        monkeypatch.setattr(text, "CHUNK_BYTES", size)
        wv.export(tmp_path / "v", format, overwrite=True)
        assert_same(load(tmp_path / "v"), wv)
    wv.save(tmp_path / "folder")
    assert_same(load(tmp_path / "folder"), wv)


def write(file, table, _):
    file.write(b"#made-up\n")
    for word, row in zip(table.words, table.vectors, strict=True):
        file.write("|".join([word, *map(repr, row.tolist())]).encode() + b"\n")


def read(reader, rows):
    lines = reader.read(1 << 20).decode().splitlines()[1:]
    fields = [line.split("|") for line in lines]
    numbers = np.array([row[1:] for row in fields], np.float32)
    rows.add([row[0] for row in fields], numbers, range(2, len(lines) + 2))
    return Table(*rows.join())


MADE_UP = FileFormat(
    write=write, recognises=lambda head: head.startswith(b"#made-up\n"), read=read, ends="|"
)


def test_a_made_up_format_is_one_entry(wv, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(FORMATS, "made-up", MADE_UP)
    wv.save(tmp_path / "run")
    out = tmp_path / "vectors.mu.gz"
    assert main(["export", str(tmp_path / "run"), "--format", "made-up", "--out", str(out)]) == 0
    again = WordVectors.load(out)
    assert again.words == wv.words
    np.testing.assert_array_equal(again.vectors, wv.vectors)
    assert out.read_bytes()[:2] == b"\x1f\x8b"
    with pytest.raises(InputError, match=r"must be one of .*, static-embedding, .*made-up$"):
        wv.export(tmp_path / "x", "other")
    odd = WordVectors.load(out).variant("input")
    odd = WordVectors(type(wv.vocabulary)(("a|b",), [1]), odd.vectors[:1])
    with pytest.raises(InputError, match="which made-up cannot hold"):
        odd.export(tmp_path / "y", "made-up")
    assert not (tmp_path / "y").exists()


def test_an_unknown_format_is_one_line(wv, tmp_path, capsys):
    wv.save(tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "--format", "pdf", "--out", "x"]) == 2
    assert "format is 'pdf'; it must be one of word2vec-text, " in capsys.readouterr().err
