"""A format is one entry."""

import numpy as np
import pytest

from jaxw2v import InputError, WordVectors
from jaxw2v.cli import main
from jaxw2v.vectors.files import FORMATS, FileFormat, Table


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
