"""Vectors by name, from a server on this machine: the real addresses are not tried."""

import gzip
import hashlib

import numpy as np
import pytest

import jaxw2v
from jaxw2v import InputError
from jaxw2v.cli import main
from jaxw2v.vectors.files import published
from jaxw2v.vectors.files.published import PUBLISHED, Published


@pytest.fixture
def mine(served, monkeypatch):
    """Vectors under a name, served; and what was asked for."""
    folder, url, requests = served
    (folder / "mine-2.gz").write_bytes(gzip.compress(b"2 2\ncat 1 0\ndog 0.6 0.8\n"))
    md5 = hashlib.md5((folder / "mine-2.gz").read_bytes()).hexdigest()
    monkeypatch.setitem(PUBLISHED, "mine-2", Published(md5, 40, 2, 2, "none", "cats and dogs"))
    monkeypatch.setattr(published, "ADDRESS", f"{url}/{{name}}.gz")
    return requests


def test_published_vectors_are_downloaded_once(mine, capsys):
    for _ in range(2):
        wv = jaxw2v.load("mine-2")
        np.testing.assert_allclose(wv["dog"], [0.6, 0.8])
    assert len(jaxw2v.load("mine-2", limit=1)) == 1
    assert mine == ["/mine-2.gz"]
    assert capsys.readouterr().err.count("downloading mine-2") == 1


def test_commands_take_the_name(mine, capsys):
    assert main(["neighbors", "mine-2", "cat"]) == 0
    assert capsys.readouterr().out == "cat\n   0.600  dog\n"


def test_a_file_of_that_name_goes_first(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine-2").write_text("bird 1 1\n")
    assert jaxw2v.WordVectors.load("mine-2").words == ("bird",)
    assert mine == []


def test_another_checksum_is_refused(mine, cache, monkeypatch):
    wrong = Published("0" * 32, 40, 2, 2, "none", "cats and dogs")
    monkeypatch.setitem(PUBLISHED, "mine-2", wrong)
    with pytest.raises(InputError, match="cannot download mine-2") as error:
        jaxw2v.load("mine-2")
    assert "\n" not in str(error.value)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_an_unknown_name_is_one_line():
    with pytest.raises(InputError, match="close: glove-wiki-gigaword-100, "):
        jaxw2v.load("glove-wiki-gigaword100")
    with pytest.raises(InputError, match="jaxw2v datasets lists"):
        jaxw2v.load("zzz")


def test_all_are_described(capsys):
    for name, found in PUBLISHED.items():
        assert len(bytes.fromhex(found.md5)) == 16
        assert name.endswith(f"-{found.dim}")
        # Compressed text takes some three to ten bytes a component.
        assert 1 < found.size / (found.words * found.dim) < 10
    assert main(["datasets"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*PUBLISHED, "builtin", "text8", "wikitext-103"))
