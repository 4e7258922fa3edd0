"""Vectors by name, from a server on this machine: the real addresses are not tried."""

import numpy as np
import pytest

import jaxw2v
from jaxw2v import InputError
from jaxw2v.cli import main
from jaxw2v.vectors.files.published import PUBLISHED, Published


def test_published_vectors_are_downloaded_once(mine, capsys):
    for _ in range(2):
        wv = jaxw2v.load("mine-2")
        np.testing.assert_allclose(wv["dog"], [0.6, 0.8])
    assert len(jaxw2v.load("mine-2", limit=1)) == 1
    assert mine == ["/mine-2.gz"]
    assert capsys.readouterr().err.count("downloading mine-2") == 1


def test_another_checksum_is_refused(mine, cache, monkeypatch):
    wrong = Published("0" * 32, 40, 2, 2, "none", "cats and dogs")
    monkeypatch.setitem(PUBLISHED, "mine-2", wrong)
    with pytest.raises(InputError, match="cannot download mine-2") as error:
        jaxw2v.load("mine-2")
    assert "\n" not in str(error.value)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_all_are_described(capsys):
    for name, found in PUBLISHED.items():
        assert len(bytes.fromhex(found.md5)) == 16
        assert name.endswith(f"-{found.dim}")
        # Compressed text takes some three to ten bytes a component.
        assert 1 < found.size / (found.words * found.dim) < 10
    assert main(["datasets"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*PUBLISHED, "builtin", "text8", "wikitext-103"))
