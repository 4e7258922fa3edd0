"""Vectors that are loaded by name."""

import pytest

import jaxw2v
from jaxw2v import InputError
from jaxw2v.cli import main


def test_commands_take_the_name(mine, capsys):
    assert main(["neighbors", "mine-2", "cat"]) == 0
    assert capsys.readouterr().out == "cat\n   0.600  dog\n"


def test_a_file_of_that_name_goes_first(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine-2").write_text("bird 1 1\n")
    assert jaxw2v.WordVectors.load("mine-2").words == ("bird",)
    assert mine == []


def test_an_unknown_name_is_one_line():
    with pytest.raises(InputError, match="close: glove-wiki-gigaword-100, "):
        jaxw2v.load("glove-wiki-gigaword100")
    with pytest.raises(InputError, match="jaxw2v datasets lists"):
        jaxw2v.load("zzz")
