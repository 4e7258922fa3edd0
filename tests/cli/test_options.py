"""Options in groups, each with its text in one piece."""

import dataclasses
import itertools

import pytest

from jaxw2v import Config
from jaxw2v.cli import main
from jaxw2v.cli.options import GROUPS, OF_TEXT
from jaxw2v.cli.plan import Plan
from jaxw2v.config import TextSettings


def test_each_setting_is_in_one_group():
    names = list(itertools.chain(*GROUPS.values()))
    assert sorted(names) == sorted(field.name for field in dataclasses.fields(Config))
    of_text = {name for title in OF_TEXT for name in GROUPS[title]}
    assert {field.name for field in dataclasses.fields(TextSettings)} <= of_text


def test_the_groups_make_the_settings():
    assert Plan(vocab=5).config == Config()


@pytest.mark.parametrize("command", ["train", "encode", "plan", "neighbors", "evaluate", "export"])
def test_texts_are_broken_at_the_edge_only(command, capsys, monkeypatch):
    """A line that ends early is the last one of a text, or the next word did not fit."""
    width = 100
    monkeypatch.setenv("COLUMNS", str(width))
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out.partition("show this help message and exit")[2].splitlines()
    lines = [line.rstrip("│ ") for line in shown if " " * 5 in line.rstrip("│ ")]
    texts = [line for line in lines if not line.strip("│ ").startswith("-")]
    assert len(texts) > 5
    for line, after in itertools.pairwise(texts):
        next_word = after.strip("│ ").split()[0]
        is_last = line.endswith((")", "."))
        assert is_last or len(line) + 1 + len(next_word) > width - 3, (line, after)
