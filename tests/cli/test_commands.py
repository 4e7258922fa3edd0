"""The command line as a user meets it: results, and one clear line for every mistake."""

import json
import subprocess
import sys

import numpy as np
import pytest
from command_line import SMALL, fails
from gensim.models import KeyedVectors

from jaxw2v import WordVectors
from jaxw2v.cli import main


def test_train_neighbors_evaluate_export(trained, trained_once, tmp_path, capsys):
    assert "6 vectors of 8 components" in trained_once[1]
    assert main(["neighbors", trained, "king", "King - man + woman", "--topn", "2"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "king"
    assert out[3] == "King - man + woman"
    assert len(out) == 6

    (tmp_path / "pairs.txt").write_text("King queen 9\nman pear 2\nking apple 1\nking zebra 5\n")
    (tmp_path / "questions.txt").write_text(": royal\nman king woman queen\nman king woman zebra\n")
    scores = [
        "--similarity",
        str(tmp_path / "pairs.txt"),
        "--analogies",
        str(tmp_path / "questions.txt"),
    ]
    assert main(["evaluate", trained, *scores]) == 0
    table = capsys.readouterr().out
    assert "3 pairs, 1 left out" in table
    assert "of 1, 1 left out" in table
    assert main(["evaluate", trained, *scores, "--json"]) == 0
    parsed = json.loads(capsys.readouterr().out)
    assert parsed["similarity"][0]["missing"] == 1
    assert parsed["analogies"][-1]["section"] == "total"

    for form in ("text", "bin"):
        file = str(tmp_path / form)
        assert main(["export", trained, "--format", f"word2vec-{form}", "--out", file]) == 0
        read = KeyedVectors.load_word2vec_format(file, binary=form == "bin")
        assert np.array_equal(read.vectors, WordVectors.load(trained).vectors)
        capsys.readouterr()
        fails(capsys, ["export", trained, "--format", f"word2vec-{form}", "--out", file], "exists")


def test_what_argparse_refuses_exits_with_2(corpus, capsys):
    for arguments in (["train", corpus, "--epochs", "many"], ["train", "--nonsense"], ["trian"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        capsys.readouterr()


def test_bad_folders(trained, corpus, tmp_path, capsys):
    before = sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "out").iterdir())
    fails(capsys, ["train", corpus, "--out", trained, *SMALL], "already holds a run", "--overwrite")
    assert before == sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "out").iterdir())
    fails(capsys, ["train", corpus, "--out", corpus], "is a file")
    fails(capsys, ["train", corpus, "--out", "/proc/nowhere/out"], "choose another --out")
    fails(capsys, ["train", str(tmp_path), "--out", str(tmp_path / "new")], "is a directory")
    fails(capsys, ["train", "no.txt", "--out", str(tmp_path / "new")], "no.txt: no such file")
    fails(capsys, ["neighbors", str(tmp_path), "king"], "holds no vectors.safetensors")
    fails(capsys, ["neighbors", "~no-such-user", "king"], "names no user; begin it with ./")
    fails(capsys, ["neighbors", trained, "kinf"], "did you mean king")
    fails(capsys, ["neighbors", trained], "at least one word")
    fails(capsys, ["neighbors", trained, "king -"], "expected words with + or -")
    fails(capsys, ["neighbors", trained, "king", "--topn", "0"], "topn is 0")
    fails(capsys, ["evaluate", trained], "--similarity FILE")
    fails(capsys, ["evaluate", trained, "--analogies", "no.txt"], "no.txt")
    fails(
        capsys,
        ["export", trained, "--format", "word2vec-text", "--out", str(tmp_path / "a" / "b")],
        "folder does not exist",
    )


def test_help_shows_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for option in ("--embedding-dim", "--num-negatives", "--tokens-per-step", "--validation-share"):
        assert option in text
    assert "(default: 0.75)" in text


LEFT_BEHIND = """
import sys, threading
from jaxw2v.cli import info, main

def left(self):
    threading.Thread(target=threading.Event().wait).start()
    raise KeyboardInterrupt

def left_alone(self):
    raise KeyboardInterrupt

ended = threading.Event()
threading.Thread(target=ended.wait).start()
info.Info.run = left_alone
print(main(["info", "x"]), flush=True)
ended.set()
info.Info.run = left
main(["info", "x"])
"""


def test_an_interrupted_command_waits_for_no_thread_that_never_ends():
    command = [sys.executable, "-c", LEFT_BEHIND]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    # A thread of the program that calls main is its own affair.
    assert (done.stdout, done.stderr) == ("130\n", 2 * "jaxw2v: error: interrupted\n")
    assert done.returncode == 130
