"""What is said of a run after it, and later."""

import json
import shlex

import pytest
import tyro

from jaxw2v import Config
from jaxw2v.cli import main
from jaxw2v.cli.glance import describe_settings, describe_training, duration, size, train_command
from jaxw2v.cli.train import Train

EPOCH = {
    "raw_words": 2_000_000,
    "steps": 1_200,
    "seconds": 40.0,
    "loss": 3.0,
    "validation_loss": None,
}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3_599, "59 min 59 s"),
        (86_399, "23 h 59 min"),
    ],
)
def test_times_are_those_of_people(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(999, "999"), (1_234, "1.23 k"), (999_600, "1 M"), (2.5e9, "2.5 G")]
)
def test_numbers_have_three_digits(count, said):
    assert size(count) == said


def test_a_run_is_told_in_its_own_figures(tmp_path):
    records = [EPOCH | {"epoch": 1}, EPOCH | {"epoch": 2, "steps": 2_400, "loss": 2.5}]
    (tmp_path / "metrics.jsonl").write_text(
        "\n".join(map(json.dumps, records)) + '\n{"epoch": 3}\n{cut sh'
    )
    with pytest.warns(RuntimeWarning, match=r"metrics.jsonl:4: is no record of an epoch"):
        lines = describe_training(tmp_path)
    assert lines == [
        "2 epochs of 2 M words, 2,400 steps in 1 min 20 s, 50 k words/s",
        "loss 3.000 to 2.500",
    ]
    settings = Config(embedding_dim=50, probe_words=("cat", "dog")).to_json()
    (tmp_path / "config.json").write_text(settings)
    assert describe_settings(tmp_path) == ["settings: embedding_dim 50, probe_words cat dog"]
    (tmp_path / "config.json").write_text(Config().to_json())
    assert describe_settings(tmp_path) == ["settings: the defaults"]


def test_without_metrics_nothing_is_said(tmp_path):
    assert describe_training(tmp_path) == []


@pytest.mark.slow
def test_what_can_be_done_next_can_be_done(tmp_path, capsys, monkeypatch):
    """The command that a run ends with is typed as it stands; info shows the same figures."""
    monkeypatch.setattr("jaxw2v.cli.train._keep_compiled_programs", lambda: None)
    text, folder = tmp_path / "text.txt", tmp_path / "a run"
    text.write_text("winter river summer river winter castle river summer castle\n" * 50)
    options = ["--min-count", "1", "--embedding-dim", "8", "--epochs", "2"]
    assert main(["train", str(text), "--out", str(folder), *options]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{folder}: 4 vectors of 8 components"
    assert printed[1].startswith("  2 epochs of 450 words, ")
    neighbors = next(line for line in printed if "jaxw2v neighbors" in line)
    assert f"'{folder}'" in neighbors
    assert main(["neighbors", str(folder), neighbors.split()[-1]]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert main(["info", str(folder)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"{folder}: a run of jaxw2v"
    assert shown[1] == "  4 vectors of 8 components, output vectors too"
    assert shown[2] == "  words: river, castle, summer, winter"
    assert shown[3:5] == printed[1:3]
    assert "embedding_dim 8" in shown[5]
    static = tmp_path / "static"
    export = ["export", str(folder), "--format", "static-embedding", "--out", str(static)]
    assert main(export) == 0
    card = (static / "README.md").read_text()
    command = "jaxw2v train CORPUS --out DIR --min-count 1 --embedding-dim 8 --epochs 2"
    assert f"- `{command}`\n" in card
    assert f"- {printed[1].strip()}\n" in card
    capsys.readouterr()
    assert main(["train", str(text), "--out", str(tmp_path / "quiet"), "--quiet", *options]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_command_of_a_run_gives_its_settings(tmp_path):
    config = Config(probe_words=("a cat", "it's"), subwords=True, max_ngram=5, table_quotes=False)
    (tmp_path / "config.json").write_text(config.to_json())
    command = shlex.split(train_command(tmp_path))
    assert command[:5] == ["jaxw2v", "train", "CORPUS", "--out", "DIR"]
    assert tyro.cli(Train, args=command[2:]).config == config


def test_info_of_what_is_no_vectors_is_one_line(tmp_path, capsys):
    assert main(["info", str(tmp_path / "none")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"jaxw2v: error: {tmp_path / 'none'}: no such file or folder"]
