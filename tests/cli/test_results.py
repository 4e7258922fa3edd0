"""The commands that read what was trained."""

import os

import numpy as np
import pytest
from command_line import SMALL, fails
from gensim.models import KeyedVectors

from jaxw2v import WordVectors
from jaxw2v.cli import main
from jaxw2v.cli.results import parse_expression
from jaxw2v.errors import InputError


def test_a_damaged_vectors_file_is_one_line(trained, tmp_path, capsys):
    path = tmp_path / "out" / "vectors.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    fails(capsys, ["neighbors", trained, "king"], "cut short")
    path.write_bytes(whole[:-4] + np.float32("inf").tobytes())
    fails(capsys, ["evaluate", trained, "--analogies", "x"], "not finite")


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
