"""A corpus and evaluation files small enough for a smoke run."""

import numpy as np
import pytest


@pytest.fixture
def small_folder(tmp_path):
    """corpus.txt, 300 lines of 20 words, with files of scores and questions about its words."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(30)]
    (tmp_path / "corpus.txt").write_text(
        "\n".join(" ".join(rng.choice(words, 20)) for _ in range(300))
    )
    pairs = "\n".join(f"{a} {b} {rng.uniform(0, 10)}" for a, b in rng.choice(words, (20, 2)))
    for name in ("ws353", "simlex999"):
        (tmp_path / f"{name}.txt").write_text(pairs)
    (tmp_path / "questions-words.txt").write_text(": s\nw1 w2 w3 w4\nw5 w6 w7 w8\n")
    return tmp_path
