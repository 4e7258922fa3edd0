"""What a folder or a file holds, at a glance."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import fails
from composed_words import composed

from jaxw2v import WordVectors
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary


def shown(capsys, *arguments):
    assert main(["info", *map(str, arguments)]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.slow
def test_a_run_is_told_with_its_settings(trained, capsys):
    lines = shown(capsys, trained)
    assert lines[0] == f"{trained}: a run of jaxw2v"
    assert lines[1] == "  6 vectors of 8 components, output vectors too"
    assert {"king", "pear"} <= set(lines[2].removeprefix("  words: ").split(", "))
    assert "..." not in lines[2]
    told = " ".join(lines[3:])
    assert "settings: min_count 1, embedding_dim 8, epochs 1" in told
    record = json.loads((Path(trained) / "metrics.jsonl").read_text())
    assert f"loss {record['loss']:.3f}" in told


def test_a_file_is_told_without_them(tmp_path, capsys):
    composed().export(tmp_path / "v.bin", "fasttext-bin")
    lines = shown(capsys, tmp_path / "v.bin")
    assert lines[0] == f"{tmp_path / 'v.bin'}: vectors"
    assert lines[1] == "  6 vectors of 5 components, output vectors too, and of 1 k n-grams"
    assert lines[2:] == ["  words: banana, bananas, naïve, 東京, a, cats"]


def test_eight_words_are_shown(tmp_path, capsys):
    words = tuple("abcdefghij")
    WordVectors(Vocabulary(words, np.arange(10, 0, -1)), np.eye(10)).save(tmp_path / "v")
    assert shown(capsys, tmp_path / "v")[2] == "  words: a, b, c, d, e, f, g, h, ..."


def test_what_is_not_there_is_one_line(tmp_path, capsys):
    fails(capsys, ["info", str(tmp_path / "none")], "no such file or folder")
