"""The command that draws."""

import re

import numpy as np
import pytest

from jaxw2v import WordVectors
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary


@pytest.mark.slow
def test_the_command(tmp_path, capsys):
    wv = WordVectors(
        Vocabulary(tuple(f"w{i}" for i in range(80)), np.arange(80, 0, -1)),
        np.random.default_rng(0).normal(size=(80, 20)),
    )
    wv.export(tmp_path / "v.bin", "word2vec-bin")
    vectors, out = str(tmp_path / "v.bin"), tmp_path / "p.png"
    assert main(["plot", vectors, "--words", "top-30", "--out", str(out)]) == 0
    assert re.search(r"p.png: 30 words, \d+ of them with a label", capsys.readouterr().out)
    page = str(tmp_path / "p.html")
    assert main(["plot", vectors, "--words", "top-30", "--method", "tsne", "--out", page]) == 0
    before = sorted(tmp_path.iterdir())
    for arguments, message in [
        ([vectors, "--out", str(out)], "exists; choose another --out, or give --overwrite"),
        ([vectors, "--out", str(tmp_path / "p.pdf")], "must end in .png or .html"),
        ([vectors, "--metrics", "--out", str(tmp_path / "q.html")], "must end in .png"),
        (
            [str(tmp_path), "--metrics", "--limit", "3", "--out", str(tmp_path / "q.png")],
            "limit has",
        ),
        ([vectors, vectors, "--out", str(tmp_path / "q.png")], "plot takes one folder"),
        ([vectors, "--out", str(tmp_path / "no" / "q.png")], "its folder does not exist"),
        ([vectors, "--words", "none.txt", "--out", str(tmp_path / "q.png")], "none.txt"),
        ([str(tmp_path), "--metrics", "--out", str(tmp_path / "q.png")], "metrics.jsonl: no epoch"),
    ]:
        assert main(["plot", *arguments]) == 2
        assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before
