"""The command line as a user meets it: results, and one clear line for every mistake."""

import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest
from gensim.models import KeyedVectors

from jaxw2v import WordVectors
from jaxw2v.cli import main
from jaxw2v.cli import train as train_command
from jaxw2v.cli.results import parse_expression
from jaxw2v.errors import InputError
from jaxw2v.training.setup import forecast
from jaxw2v.vectors.files import folder

SMALL = ["--min-count", "1", "--embedding-dim", "8", "--epochs", "1"]


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


def fails(capsys, arguments, *fragments, code=2):
    assert main(arguments) == code
    err = capsys.readouterr().err.replace("\r", "\n").splitlines()[-1]
    assert err.startswith("jaxw2v: error: ")
    for fragment in fragments:
        assert fragment in err


def test_train_neighbors_evaluate_export(trained, tmp_path, capsys):
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


def test_a_damaged_vectors_file_is_one_line(trained, tmp_path, capsys):
    path = tmp_path / "out" / "vectors.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    fails(capsys, ["neighbors", trained, "king"], "cut short")
    path.write_bytes(whole[:-4] + np.float32("inf").tobytes())
    fails(capsys, ["evaluate", trained, "--analogies", "x"], "not finite")


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("king", (["king"], [])),
        ("king - man + woman", (["king", "woman"], ["man"])),
        ("- man + king", (["king"], ["man"])),
        ("+ a", (["a"], [])),
    ],
)
def test_expressions(text, expected):
    assert parse_expression(text) == expected


@pytest.mark.parametrize("text", ["", "a b", "a -", "a + - b", "- - a", "a + + b"])
def test_what_is_no_expression(text):
    with pytest.raises(InputError, match="expected words"):
        parse_expression(text)


def test_help_shows_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for option in ("--embedding-dim", "--num-negatives", "--tokens-per-step", "--validation-share"):
        assert option in text
    assert "(default: 0.75)" in text


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
    ["--objective", "skipgram", "--output-layer", "softmax"],
    ["--objective", "skipgram", "--output-layer", "hierarchical_softmax"],
    ["--objective", "cbow"],
    ["--objective", "cbow", "--cbow-combine", "sum", "--output-layer", "softmax"],
    ["--objective", "cbow", "--output-layer", "hierarchical_softmax"],
    ["--objective", "cbow", "--context-side", "left", "--window-sampling", "fixed"],
    ["--negatives", "fresh", "--noise-table-size", "100", "--max-norm", "0.5"],
    ["--require-full-window", "--window", "2", "--subsample-formula", "percentile"],
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


def test_exports_of_every_format_and_what_they_may_not_replace(trained, tmp_path, capsys):
    for format in ("static-embedding", "tensorboard", "safetensors", "glove"):
        out = str(tmp_path / format)
        assert main(["export", trained, "--format", format, "--out", out]) == 0
        fails(capsys, ["export", trained, "--format", format, "--out", out], "exists")
        assert main(["export", trained, "--format", format, "--out", out, "--overwrite"]) == 0
    static, glove = str(tmp_path / "static-embedding"), str(tmp_path / "glove")
    for source in (static, glove, str(tmp_path / "safetensors")):
        for format in ("glove", "static-embedding"):
            out = str(tmp_path / "again" / format)
            (tmp_path / "again").mkdir(exist_ok=True)
            arguments = ["export", source, "--format", format, "--out", out, "--overwrite"]
            assert main(arguments) == 0
        assert WordVectors.load(tmp_path / "again" / "glove").words == WordVectors.load(glove).words
    capsys.readouterr()
    for arguments, message in [
        ([trained, "--format", "static-embedding", "--out", trained, "--overwrite"], "holds a run"),
        ([trained, "--format", "glove", "--out", static, "--overwrite"], "is a folder, not a file"),
        ([trained, "--format", "tensorboard", "--out", glove, "--overwrite"], "is a file, not a f"),
        (
            [trained, "--format", "glove", "--out", "x", "--tokenizer", "words"],
            "static-embedding on",
        ),
    ]:
        fails(capsys, ["export", *arguments], message)
    for limit in ("0", "-5"):
        fails(
            capsys, ["neighbors", trained, "a", "--checkpoint", "last", "--limit", limit], "limit"
        )


@pytest.mark.slow
def test_vectors_of_either_table_and_their_sum_are_exported(trained, corpus, tmp_path, capsys):
    kinds = {}
    for kind in ("input", "output", "sum"):
        out = str(tmp_path / f"{kind}.bin")
        arguments = ["export", trained, "--format", "word2vec-bin", "--out", out]
        assert main([*arguments, "--vectors", kind]) == 0
        kinds[kind] = KeyedVectors.load_word2vec_format(out, binary=True).vectors
    assert np.array_equal(kinds["sum"], kinds["input"] + kinds["output"])
    assert not np.array_equal(kinds["input"], kinds["output"])
    folder = str(tmp_path / "tree")
    layer = ["--output-layer", "hierarchical_softmax"]
    assert main(["train", corpus, "--out", folder, *SMALL, *layer]) == 0
    out = str(tmp_path / "none.txt")
    arguments = ["export", folder, "--format", "word2vec-text", "--out", out, "--vectors", "sum"]
    fails(capsys, arguments, "no output vectors", "hierarchical softmax")
    assert not os.path.exists(out)


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


def test_plan_prints_json(capsys):
    size = ["plan", "--vocab", "200000", "--embedding-dim", "64", "--mesh", "1x8"]
    assert main([*size, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["memory_bytes"]["tables"] == 2 * 200_192 // 8 * 64 * 4
    assert set(figures["traffic_bytes"]) == {"ids", "lookups", "gradients", "scores"}


@pytest.mark.parametrize("target", ["h200", "v5e:2x2"])
def test_a_compiler_that_is_not_there_or_too_old_is_named(target, capsys, monkeypatch):
    command = ["plan", "--vocab", "2000", "--target", target]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(jax, "__version__", "0.12.1")
    assert main(command) == 2
    assert "its compiler is not installed; in an environment" in capsys.readouterr().err
    monkeypatch.setattr(jax, "__version__", "0.10.2")
    assert main(command) == 2
    assert "JAX 0.10.2 cannot compile for devices that are not here" in capsys.readouterr().err


def test_plan_fits_tables_into_the_memory_of_its_target(monkeypatch):
    memory = []
    monkeypatch.setattr(forecast, "report", lambda job, footprint, device: memory.append(device))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for options in (["v5e:2x2"], ["h200"], ["h200", "--device-memory", "20"]):
        assert main(["plan", "--vocab", "2000", "--target", *options]) == 2
    assert memory == [16 * 2**30, 151_397_597_184, 20 * 2**30]


def test_plan_says_what_a_run_would_take(capsys):
    size = ["plan", "--vocab", "200000", "--embedding-dim", "64"]
    assert main([*size, "--mesh", "4x8", "--device-memory", "0.1"]) == 0
    printed = capsys.readouterr().out
    # Two tables of 200,192 rows, cut in 8: 12.2 MiB; a number for each row.
    assert "tables                 12.2" in printed
    assert "moments                 0.2" in printed
    assert "32x1" in printed
    assert "1x32" in printed
    assert "does not fit" in printed
    assert main([*size, "--device-memory", "0.05"]) == 0
    assert "smaller --embedding-dim" in capsys.readouterr().out
    for wrong, message in (
        (["plan", "--vocab", "1"], "give 2 words or more"),
        ([*size, "--mesh", "3x3"], "a power of two"),
        ([*size, "--mesh", "1x1x2", "--output-layer", "softmax"], "needs whole rows"),
        ([*size, "--target", "h300"], "target is 'h300'; it must be h100, h200, or a TPU"),
        ([*size, "--target", "h200:2x2"], "target is 'h200:2x2'"),
        ([*size, "--target", "v5e"], "target is 'v5e'"),
    ):
        assert main(wrong) == 2
        assert message in capsys.readouterr().err
