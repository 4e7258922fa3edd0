"""A corpus of six words and a run on it."""

import numpy as np
import pytest
from command_line import SMALL

from jaxw2v.cli import main
from jaxw2v.cli import train as train_command


@pytest.fixture(autouse=True)
def no_compilation_cache(monkeypatch):
    """JAX's settings would outlive the test; a process of its own tests the cache."""
    monkeypatch.setattr(train_command, "_keep_compiled_programs", lambda: None)


@pytest.fixture
def corpus(tmp_path):
    rng = np.random.default_rng(0)
    words = ["king", "queen", "man", "woman", "apple", "pear"]
    path = tmp_path / "corpus.txt"
    lines = (rng.choice(words[:3] if i % 2 else words[3:], 9) for i in range(300))
    path.write_text("\n".join(map(" ".join, lines)))
    return str(path)


@pytest.fixture
def trained(corpus, tmp_path, capsys):
    folder = str(tmp_path / "out")
    assert main(["train", corpus, "--out", folder, *SMALL]) == 0
    assert "6 vectors of 8 components" in capsys.readouterr().out
    return folder
