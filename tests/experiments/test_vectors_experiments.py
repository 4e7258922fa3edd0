"""The experiments on continued training, queries and files of other programs run end to end."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jaxw2v
from experiments.continued_training.run import ContinuedTraining, table
from experiments.peer_files.run import PeerFiles
from experiments.queries.run import Queries

pytestmark = pytest.mark.slow

ASKED_ABOUT = (
    "king queen man woman prince princess monday tuesday apple paris london "
    "new york is a tiny text about kings and more of them"
)


@pytest.mark.lengthy
def test_continued_training_smoke(small_folder):
    results, text = small_folder / "results.json", small_folder / "corpus.txt"
    new = small_folder / "new.txt"
    new.write_text(text.read_text().replace("w3 ", "film "))
    settings = ContinuedTraining(
        text, new, new, small_folder, ("film", "w1"), results=results, smoke=True
    )
    settings.measure()
    arms = json.loads(results.read_text())["arms"]
    words = {arm["arm"]: arm["words"] for arm in arms}
    assert words["general text alone"] == words["continued, no new words"] == 30
    assert words["continued"] == words["continued at 0.00125"] == 31
    assert words["new text alone"] == 31
    assert "film" in next(arm for arm in arms if arm["arm"] == "continued")["neighbors"]
    assert len(table(arms).splitlines()) == 2 + len(words)


def test_queries_smoke(tmp_path):
    results = tmp_path / "results.json"
    Queries(results=results, smoke=True).measure()
    found = json.loads(results.read_text())["queries"]
    assert found["queries_with_the_same_ten"] == 1
    assert found["gensim_over_jaxw2v"] > 0


@pytest.mark.lengthy
def test_peer_files_smoke(small_folder):
    config = jaxw2v.Config(embedding_dim=8, epochs=1)
    run, results = small_folder / "run", small_folder / "results.json"
    jaxw2v.train(str(small_folder / "corpus.txt"), config, out=run, show_progress=False)
    PeerFiles(run, results=results, smoke=True).measure()
    found = json.loads(results.read_text())
    rows = [row for row in found["round_trips"] if row.get("outcome") != "not installed"]
    assert {row["program"] for row in rows} >= {"gensim", "model2vec", "safetensors"}
    for row in rows:
        assert row["same_words"]
        assert row["largest_difference"] == 0
    assert all(row["words"] == 20_000 for row in found["load_speed"])


def test_a_gensim_script_and_its_port(tmp_path):
    """Both print as many results on the same text."""
    rng = np.random.default_rng(0)
    words = ASKED_ABOUT.split()
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(" ".join(rng.choice(words, 12)) for _ in range(400)))
    scripts, printed = Path(__file__).parents[2] / "experiments" / "from_gensim", []
    for name in ("gensim_script", "ported"):
        out = tmp_path / name
        out.mkdir()
        command = [sys.executable, str(scripts / f"{name}.py"), str(text), str(out)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout.splitlines())
    assert len(printed[0]) == len(printed[1]) == 10
    # The vocabulary after the new text.
    assert printed[0][-1] == printed[1][-1]
