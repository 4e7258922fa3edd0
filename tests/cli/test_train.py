"""The command that trains."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command_line import SMALL, fails

from jaxw2v import WordVectors
from jaxw2v.cli import main
from jaxw2v.vectors.files import folder

BAD_FILES = {
    "empty.txt": (b"", "is empty"),
    "blank.txt": (b"\n  \n", "no word"),
    "latin1.txt": (b"fine\nna\xefve\n", "latin1.txt:2: not UTF-8"),
    "cut.gz": (
        gzip.compress(bytes(np.random.default_rng(0).integers(97, 120, 9_999, np.uint8)), mtime=0)[
            :-9
        ],
        "damaged",
    ),
    "rare.txt": (
        b"a b c c c c",
        "no word reaches min_count 5: the most frequent of 3 words occurs 4",
    ),
    "one.txt": (b"a a a a a a a", "no pair can be formed"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_corpus_is_one_line_and_nothing_is_written(tmp_path, capsys, name):
    content, message = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    fails(capsys, ["train", str(tmp_path / name), "--out", str(tmp_path / "out")], message)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--epochs", "0", "epochs is 0"),
        ("--window", "-3", "window is -3"),
        ("--subsample-threshold", "2", "subsample_threshold is 2"),
        ("--learning-rate", "nan", "learning_rate is nan"),
        ("--tokenizer", "wrods", "unknown tokenizer 'wrods'; choose words"),
        ("--tokenizer", "regex:(", "not a valid regular expression"),
        ("--probe-words", "kong", "did you mean king"),
        ("--validation", "missing.txt", "missing.txt: no such file"),
    ],
)
def test_a_bad_option_is_one_line_and_nothing_is_written(
    corpus, tmp_path, capsys, option, value, message
):
    out = tmp_path / "out"
    fails(capsys, ["train", corpus, "--out", str(out), "--min-count", "1", option, value], message)
    assert not out.exists()


def test_a_blank_validation_text_is_not_taken_for_the_corpus(corpus, tmp_path, capsys):
    (tmp_path / "blank.txt").write_text("\n")
    options = ["--min-count", "1", "--validation", str(tmp_path / "blank.txt")]
    message = "error: validation: the corpus has no word"
    fails(capsys, ["train", corpus, "--out", str(tmp_path / "out"), *options], message)


@pytest.mark.slow
def test_a_full_disk_loses_nothing(trained, corpus, tmp_path, capsys, monkeypatch):
    def content():
        """The results of the run that was to be replaced; it has a checkpoint by then."""
        return {p: p.read_bytes() for p in (tmp_path / "out").iterdir() if p.is_file()}

    before = content()
    with open(corpus, "a") as file:
        file.write("\nfive new words stand here")

    def full(path, tensors, size, others, about):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(folder, "write_tensors", full)
    arguments = ["train", corpus, "--out", trained, "--overwrite", *SMALL]
    fails(capsys, arguments, "No space left on device", "free some space")
    assert content() == before


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_one_line(corpus, tmp_path):
    program = "import sys; from jaxw2v.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "train", corpus, "--out", str(tmp_path / "o")]
    command += ["--min-count", "1", "--epochs", "1000000", "--embedding-dim", "8"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "o" / "metrics.jsonl").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()[-2000:]
    last = err.decode().replace("\r", "\n").strip().splitlines()[-1]
    assert "interrupted" in last
    assert "holds the vectors of epoch" in last
    assert "Traceback" not in err.decode()
    assert len(WordVectors.load(tmp_path / "o")) == 6


OBJECTIVES = [
    ["--objective", "skipgram", "--output-layer", "hierarchical_softmax"],
    ["--objective", "cbow", "--cbow-combine", "sum", "--output-layer", "softmax"],
    ["--negatives", "fresh", "--noise-table-size", "100", "--max-norm", "0.5"],
    ["--require-full-window", "--window", "2", "--subsample-formula", "percentile"],
    *(
        pytest.param(options, marks=pytest.mark.lengthy)
        for options in (
            ["--objective", "skipgram", "--output-layer", "softmax"],
            ["--objective", "cbow"],
            ["--objective", "cbow", "--output-layer", "hierarchical_softmax"],
            ["--objective", "cbow", "--context-side", "left", "--window-sampling", "fixed"],
        )
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("options", OBJECTIVES, ids=lambda o: " ".join(o))
def test_every_objective_trains_from_the_command_line(corpus, tmp_path, options):
    folder = tmp_path / "out"
    arguments = ["train", corpus, "--out", str(folder), *SMALL, "--subsample-formula", "none"]
    assert main([*arguments, "--epochs", "4", "--learning-rate", "0.05", *options]) == 0
    losses = [json.loads(x)["loss"] for x in (folder / "metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.98 * losses[0]
    wv = WordVectors.load(folder)
    if "--max-norm" in options:
        for table in (wv.vectors, wv.output_vectors):
            assert 0.2 < np.linalg.norm(table, axis=1).max() <= 0.5 + 1e-6
    assert len(wv) == 6


def test_the_command_asks_for_large_arrays_back_before_there_are_any(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("jaxw2v.cli.train.give_back_large_arrays", lambda: asked.append(True))
    assert main(["train", str(tmp_path / "none.txt"), "--out", str(tmp_path / "a")]) == 2
    assert asked == [True]


@pytest.mark.slow
def test_compiled_programs_are_kept_unless_that_is_declined(corpus, tmp_path, cache, monkeypatch):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    monkeypatch.delenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")
    program = "import sys; from jaxw2v.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "train", corpus, *SMALL]
    declined = ["--out", str(tmp_path / "a"), "--no-compilation-cache"]
    subprocess.run([*command, *declined], check=True, capture_output=True)
    assert not (cache / "compiled").exists()
    subprocess.run([*command, "--out", str(tmp_path / "b")], check=True, capture_output=True)

    def kept():
        return {path.name for path in (cache / "compiled").glob("*-cache")}

    first = kept()
    assert any("train_chunk" in name for name in first)
    subprocess.run([*command, "--out", str(tmp_path / "c")], check=True, capture_output=True)
    assert kept() == first
    (damaged,) = (path for path in (cache / "compiled").glob("*train_chunk*-cache"))
    damaged.write_bytes(damaged.read_bytes()[:8_192])
    again = subprocess.run(
        [*command, "--out", str(tmp_path / "d")], check=True, capture_output=True
    )
    assert f"; remove {cache / 'compiled'}, which is made again" in again.stderr.decode()
