"""A corpus of six words and a run on it."""

import contextlib
import io
import os
import shutil
from unittest import mock

import numpy as np
import pytest
from command_line import SMALL

from jaxw2v.cli import main
from jaxw2v.cli import train as train_command


@pytest.fixture(autouse=True)
def no_compilation_cache(monkeypatch):
    """JAX's settings would outlive the test; a process of its own tests the cache."""
    monkeypatch.setattr(train_command, "_keep_compiled_programs", lambda: None)


def write_corpus(path):
    rng = np.random.default_rng(0)
    words = ["king", "queen", "man", "woman", "apple", "pear"]
    lines = (rng.choice(words[:3] if i % 2 else words[3:], 9) for i in range(300))
    path.write_text("\n".join(map(" ".join, lines)))
    return str(path)


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "corpus.txt")


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """The folder of a run, and what the command printed."""
    folder, printed = tmp_path_factory.mktemp("trained"), io.StringIO()
    train = ["train", write_corpus(folder / "corpus.txt"), "--out", str(folder / "out"), *SMALL]
    with (
        mock.patch.dict(os.environ, {"JAXW2V_CACHE": str(folder / "cache")}),
        mock.patch.object(train_command, "_keep_compiled_programs"),
        contextlib.redirect_stdout(printed),
    ):
        assert main(train) == 0
    return folder / "out", printed.getvalue()


@pytest.fixture
def trained(trained_once, tmp_path):
    return str(shutil.copytree(trained_once[0], tmp_path / "out"))
