"""Nothing of somebody else's is deleted or replaced, whatever is asked and wherever a run ends."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from jaxw2v import Checkpointing, Config, InputError, WordVectors, train
from jaxw2v.atomic import renamed_when_complete
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary, open_corpus
from jaxw2v.ownership import MARKER, held, marked_as
from jaxw2v.run_folder import NAMES
from jaxw2v.training import fit

SMALL = ["--embedding-dim", "4", "--epochs", "1", "--min-count", "1"]


def write(path, text="mine"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def content(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def sentences_in(folder):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(20)]
    lines = "\n".join(" ".join(rng.choice(words, 20)) for _ in range(200))
    return str(write(folder / "corpus.txt", lines))


@pytest.fixture
def corpus(tmp_path):
    return sentences_in(tmp_path)


@pytest.mark.parametrize("option", [[], ["--overwrite"], ["--resume"]], ids=str)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("checkpoints/model.pt", "weights"),
        ("checkpoints/7/model.pt", "weights"),
        ("checkpoints", "a file"),
        ("config.json", "{}"),
        ("config.json", '{"embedding_dim": 3}'),
        ("metrics.jsonl", '{"loss": 1}\n'),
        ("vocabulary.tsv", "word\t1\n"),
        ("phrases.tsv", ""),
        ("vectors.safetensors", "not a table"),
        (MARKER, '{"program": "another"}'),
        ("vectors.safetensors/x", "in a folder of that name"),
    ],
)
def test_a_run_is_refused_where_it_would_touch_what_is_not_ours(
    corpus, tmp_path, capsys, option, name, text
):
    folder = tmp_path / "p"
    write(folder / name, text)
    before = content(folder)
    assert main(["train", corpus, "--out", str(folder), *SMALL, *option]) == 2
    first = name.split("/")[0]
    assert f"{folder / first}" in capsys.readouterr().err
    assert content(folder) == before


@pytest.mark.slow
def test_other_files_in_the_folder_of_a_run_stay(corpus, tmp_path):
    folder = tmp_path / "p"
    mine = [
        write(folder / name)
        for name in ("notes.txt", "data/config.json", "checkpoints.bak/1/state", ".hidden")
    ]
    train = ["train", corpus, "--out", str(folder), *SMALL]
    assert main(train) == 0
    assert marked_as(folder) == "run"
    mine += [write(folder / "checkpoints" / "notes.txt"), write(folder / "checkpoints/old/7/state")]
    assert main([*train, "--overwrite"]) == 0
    assert main([*train, "--resume", "--epochs", "2"]) == 0
    assert all(path.read_text() == "mine" for path in mine)
    stranger = write(
        next(p for p in (folder / "checkpoints").iterdir() if p.name.isdecimal()) / "x"
    )
    assert main([*train, "--overwrite"]) == 2
    assert stranger.read_text() == "mine"


@pytest.mark.slow
def test_a_run_of_before_there_were_markers_is_known(corpus, tmp_path):
    folder = tmp_path / "p"
    train = ["train", corpus, "--out", str(folder), *SMALL]
    assert main(train) == 0
    (folder / MARKER).unlink()
    assert main(train) == 2
    assert main([*train, "--resume", "--epochs", "2"]) == 0
    (folder / MARKER).unlink()
    assert main([*train, "--overwrite"]) == 0
    (folder / MARKER).unlink()
    (folder / "metrics.jsonl").write_text("mine")
    assert main([*train, "--overwrite"]) == 2
    assert (folder / "metrics.jsonl").read_text() == "mine"


@pytest.mark.slow
def test_fit_follows_the_same_rule(corpus, tmp_path):
    config = Config(embedding_dim=4, epochs=1, min_count=1)
    stream = open_corpus(corpus, config, show_progress=False)
    fit(stream, config, folder=tmp_path / "p", show_progress=False)
    before = content(tmp_path / "p")
    with pytest.raises(InputError, match="already holds a run"):
        fit(stream, config, folder=tmp_path / "p", show_progress=False)
    assert content(tmp_path / "p") == before
    fit(stream, config, folder=tmp_path / "p", overwrite=True, show_progress=False)
    write(tmp_path / "q" / "checkpoints" / "1" / "model.pt")
    with pytest.raises(InputError, match="not known to be a file of jaxw2v"):
        fit(stream, config, folder=tmp_path / "q", overwrite=True, show_progress=False)
    with pytest.raises(InputError, match="resume needs the folder"):
        fit(stream, config, resume=True, show_progress=False)


def test_a_folder_of_another_kind_is_called_what_it_is(corpus, tmp_path, capsys):
    assert main(["encode", corpus, "--out", str(tmp_path / "st"), "--min-count", "1"]) == 0
    before = content(tmp_path / "st")
    out = ["--out", str(tmp_path / "st")]
    capsys.readouterr()
    assert main(["train", corpus, *out, *SMALL]) == 2
    assert "st: is a token stream of jaxw2v, and a run would be" in capsys.readouterr().err
    assert content(tmp_path / "st") == before


def test_a_folder_is_held_by_one_process_at_a_time(corpus, tmp_path, capsys):
    folder = tmp_path / "p"
    with held(folder, "run", NAMES):
        assert main(["train", corpus, "--out", str(folder), *SMALL]) == 2
    assert f"process {os.getpid()} on" in capsys.readouterr().err
    # Nothing was written, so nothing is left.
    assert not folder.exists()
    hold = (
        "import sys, time; from pathlib import Path; from jaxw2v.ownership import held\n"
        "with held(Path(sys.argv[1]), 'run', ()): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert main(["train", corpus, "--out", str(folder), *SMALL]) == 2
    holder.kill()
    holder.communicate()
    assert main(["train", corpus, "--out", str(folder), *SMALL]) == 0


def test_a_newer_marker_is_refused(tmp_path, corpus, capsys):
    marker = {"program": "jaxw2v", "kind": "run", "format": 99}
    write(tmp_path / "p" / MARKER, json.dumps(marker))
    assert main(["train", corpus, "--out", str(tmp_path / "p"), *SMALL, "--overwrite"]) == 2
    assert "format 99" in capsys.readouterr().err


def test_a_link_stays_and_a_device_is_refused(tmp_path):
    target, link = write(tmp_path / "target"), tmp_path / "link"
    link.symlink_to(target)
    with renamed_when_complete(link) as path:
        path.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    os.mkfifo(tmp_path / "pipe")
    for strange in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(InputError, match="no plain file"), renamed_when_complete(strange):
            pass
    assert not Path(os.devnull).is_file()


def test_only_what_is_ours_in_a_token_stream_is_replaced(corpus, tmp_path):
    folder = tmp_path / "s"
    encode = ["encode", corpus, "--out", str(folder), "--min-count"]
    assert main([*encode, "1"]) == 0
    mine = [write(folder / n) for n in ("notes.txt", "shards/a", "shard-1.ids", ".shard-notes")]
    mine.append(write(folder / "parts" / "mine"))
    assert main([*encode, "2", "--overwrite"]) == 0
    assert main([*encode, "2"]) == 0
    assert all(path.read_text() == "mine" for path in mine)
    foreign = write(tmp_path / "t" / "encoding.json", '{"key": "of something else"}')
    before = content(tmp_path / "t")
    assert main(["encode", corpus, "--out", str(foreign.parent), "--overwrite"]) == 2
    assert content(tmp_path / "t") == before


@pytest.mark.parametrize("name", ["phrases.tsv", "shard-00007.ids", "parts/00000.0.words"])
def test_names_of_ours_that_a_complete_stream_did_not_write(corpus, tmp_path, capsys, name):
    encode = ["encode", corpus, "--out", str(tmp_path / "s"), "--min-count"]
    assert main([*encode, "1"]) == 0
    write(tmp_path / "s" / name)
    before = content(tmp_path / "s")
    assert main([*encode, "2", "--overwrite"]) == 2
    assert f"{name}: is not known to be a file of jaxw2v, and would be" in capsys.readouterr().err
    assert content(tmp_path / "s") == before


def test_nothing_is_written_inside_the_checkpoints_of_a_run(corpus, tmp_path, capsys):
    run = tmp_path / "p"
    assert main(["train", corpus, "--out", str(run), *SMALL]) == 0
    before = content(run)
    inside = run / "checkpoints" / "99"
    for command in (
        ["train", corpus, *SMALL],
        ["encode", corpus, "--min-count", "1"],
        ["export", str(run), "--format", "tensorboard"],
        ["plot", str(run), "--words", "top-5"],
    ):
        out = inside.with_suffix(".html") if command[0] == "plot" else inside
        capsys.readouterr()
        assert main([*command, "--out", str(out)]) == 2
        assert "is inside the checkpoints of a run" in capsys.readouterr().err
        assert content(run) == before


@pytest.mark.slow
def test_a_home_folder_is_meant_by_a_tilde_everywhere(corpus, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert main(["encode", corpus, "--min-count", "1", "--out", "~/s"]) == 0
    assert main(["train", "~/s", "--out", "~/p", *SMALL]) == 0
    wv = WordVectors.load("~/p", show_progress=False)
    wv.save("~/saved")
    wv.export("~/v.txt", "glove")
    assert main(["export", "~/p", "--format", "glove", "--out", "~/w.txt"]) == 0
    assert main(["plot", "~/p", "--words", "top-3", "--out", "~/p.png"]) == 0
    assert {p.name for p in home.iterdir()} >= {"s", "p", "saved", "v.txt", "w.txt", "p.png"}
    assert set(tmp_path.iterdir()) == before


def test_exports_from_python_replace_nothing_unless_told(tmp_path):
    wv = WordVectors(Vocabulary(("a", "b"), [2, 1]), np.eye(2))
    mine = write(tmp_path / "mine.txt")
    with pytest.raises(InputError, match=r"mine\.txt: exists; choose another name"):
        wv.export(mine, "glove")
    assert mine.read_text() == "mine"
    wv.export(mine, "glove", overwrite=True)
    assert mine.read_text().startswith("a ")
    with pytest.raises(InputError, match="name is empty"):
        wv.save("")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["term", "hup"])
def test_standard_input_that_is_cut_off_leaves_no_copy(tmp_path, number):
    """The signal comes while text is still read, long before there is a step to end."""
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "jaxw2v", "train", "-", "--out", str(tmp_path / "p"), *SMALL]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"JAXW2V_CACHE": str(cache)},
    )
    process.stdin.write(b"one two three four\n" * 50_000)
    process.stdin.flush()
    while not any(path.is_file() and path.stat().st_size for path in cache.rglob("*")):
        time.sleep(0.05)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (130, b"jaxw2v: error: interrupted\n")
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.lengthy)])
def test_foreign_files_outlive_runs_that_are_killed(corpus, tmp_path, seed):
    """Random files around a run and a token stream, both killed at random moments, three times."""
    draw, folder = random.Random(seed), tmp_path / "p"
    names = [
        "a.txt",
        "sub/config.json",
        "checkpoints/keep/1",
        "checkpoints.pt",
        "parts/x",
        "1/state",
    ]
    mine = {
        write(folder / name): None for name in draw.sample(names, 4) if "checkpoints/" not in name
    }
    options = ["--checkpoint-steps", "1", "--epochs", "400", "--embedding-dim", "4"]
    train = ["train", corpus, "--out", str(folder), *options, "--min-count", "1"]
    encode = ["encode", corpus, "--out", str(tmp_path / "s"), "--min-count", "1", "--overwrite"]
    for number in range(3):
        for words in (train, [*encode, "--phrase-passes", str(number)]):
            process = subprocess.Popen(
                [sys.executable, "-m", "jaxw2v", *words], stderr=subprocess.DEVNULL
            )
            time.sleep(draw.uniform(1.0, 5.0))
            process.send_signal(draw.choice([signal.SIGKILL, signal.SIGTERM]))
            process.wait()
        mine[write(folder / "checkpoints" / f"notes{number}")] = None
        mine[write(tmp_path / "s" / "parts" / f"notes{number}")] = None
        assert all(path.read_text() == "mine" for path in mine)
        train = [*train[:4], *options, "--min-count", "1", draw.choice(["--resume", "--overwrite"])]


@pytest.fixture
def vectors():
    words = Vocabulary.from_counts(["one", "two", "three"], [3, 2, 1])
    return WordVectors(words, np.eye(3, dtype=np.float32))


@pytest.mark.parametrize(
    ("format", "name"), [("tensorboard", "metadata.tsv"), ("static-embedding", "config.json")]
)
def test_an_export_replaces_its_own_folder_only(vectors, tmp_path, format, name):
    vectors.save(tmp_path / "v")
    export = ["export", str(tmp_path / "v"), "--format", format, "--overwrite", "--out"]
    assert main([*export, str(tmp_path / "out")]) == 0
    notes = write(tmp_path / "out" / "notes.txt")
    assert main([*export, str(tmp_path / "out")]) == 0
    assert notes.read_text() == "mine"
    foreign = write(tmp_path / "mine" / name)
    assert main([*export, str(tmp_path / "mine")]) == 2
    assert content(tmp_path / "mine") == {name: hashlib.sha256(b"mine").hexdigest()}
    assert foreign.read_text() == "mine"


def test_a_file_is_not_written_over_a_device(vectors, tmp_path, capsys):
    vectors.save(tmp_path / "v")
    export = ["export", str(tmp_path / "v"), "--format", "glove", "--overwrite", "--out"]
    assert main([*export, os.devnull]) == 2
    assert "is a device" in capsys.readouterr().err
    link = tmp_path / "link.txt"
    link.symlink_to(write(tmp_path / "target.txt"))
    assert main([*export, str(link)]) == 0
    assert link.is_symlink()
    assert (tmp_path / "target.txt").read_text().startswith("one 1")


def test_vectors_are_not_saved_beside_a_vocabulary_of_somebody_else(vectors, tmp_path):
    write(tmp_path / "v" / "vocabulary.tsv")
    with pytest.raises(InputError, match=r"vocabulary\.tsv: is not known"):
        vectors.save(tmp_path / "v")
    assert content(tmp_path / "v").keys() == {"vocabulary.tsv"}


def test_vectors_and_words_of_two_runs_are_told_apart(vectors, tmp_path):
    """A crash between two renames leaves the new vectors beside the old words."""
    vectors.save(tmp_path / "new")
    words = Vocabulary.from_counts(["three", "two", "one"], [3, 2, 1])
    WordVectors(words, np.eye(3, dtype=np.float32)).save(tmp_path / "old")
    os.replace(tmp_path / "new/vectors.safetensors", tmp_path / "old/vectors.safetensors")
    with pytest.raises(InputError, match="are of different runs"):
        WordVectors.load(tmp_path / "old")


def test_a_cache_may_be_shared(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("JAXW2V_CACHE", str(tmp_path / "cache"))
    before = os.umask(0o022)
    try:
        stream = open_corpus(corpus, Config(min_count=1), show_progress=False)
    finally:
        os.umask(before)
    assert stream.folder.stat().st_mode & 0o777 == 0o755
    write(tmp_path / "file")
    monkeypatch.setenv("JAXW2V_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="JAXW2V_CACHE names another folder"):
        open_corpus(corpus, Config(min_count=2), show_progress=False)


def test_checkpoints_that_are_never_saved_are_refused():
    with pytest.raises(InputError, match="keep_checkpoints is 0"):
        Checkpointing(keep_checkpoints=0, checkpoint_steps=5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A corpus, and a finished run on it."""
    folder = tmp_path_factory.mktemp("finished")
    text = sentences_in(folder)
    assert main(["train", text, "--out", str(folder / "p"), *SMALL]) == 0
    return Path(text), folder / "p"


@pytest.fixture
def trained(finished, tmp_path):
    """A copy of a finished run, and the words that start it again."""
    text, run = finished
    shutil.copytree(run, tmp_path / "p")
    return tmp_path / "p", ["train", str(text), "--out", str(tmp_path / "p"), *SMALL]


def step_of(folder):
    return next(path for path in (folder / "checkpoints").iterdir() if path.name.isdecimal())


@pytest.mark.slow
@pytest.mark.parametrize("option", [["--overwrite"], ["--resume", "--epochs", "2"]], ids=str)
@pytest.mark.parametrize(
    "name", ["phrases.tsv", "checkpoints/7/state/weights.pt", "checkpoints/8/a", "STEP/state/notes"]
)
def test_names_of_ours_in_a_run_that_cannot_have_them(trained, option, name):
    folder, train = trained
    name = name.replace("STEP", f"checkpoints/{step_of(folder).name}")
    foreign = write(folder / name)
    assert main([*train, *option]) == 2
    assert foreign.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("checkpoints/phrases.tsv", "mine"),
        ("checkpoints/vocabulary.tsv", "mine"),
        ("vocabulary.tsv", "mine"),
        ("metrics.jsonl", "3"),
        ("metrics.jsonl", "null\n"),
    ],
)
def test_without_a_marker_every_file_shows_that_it_is_ours(trained, name, text):
    folder, train = trained
    (folder / MARKER).unlink()
    write(folder / name, text)
    assert main([*train, "--overwrite"]) == 2
    assert (folder / name).read_text() == text


def test_what_systems_and_crashes_leave_is_no_obstacle(trained):
    folder, train = trained
    write(step_of(folder) / ".DS_Store")
    write(folder / MARKER, "")
    write(folder / "metrics.jsonl", "")
    assert main([*train, "--resume", "--epochs", "2"]) == 0


def test_links_inside_a_run_are_not_followed(trained, tmp_path):
    folder, train = trained
    target = write(tmp_path / "target")
    (folder / "vectors.safetensors").unlink()
    (folder / "vectors.safetensors").symlink_to(target)
    assert main([*train, "--overwrite"]) == 2
    other = tmp_path / "other"
    (tmp_path / "elsewhere").mkdir()
    other.mkdir()
    (other / "checkpoints").symlink_to(tmp_path / "elsewhere")
    assert main(["train", train[1], "--out", str(other), *SMALL]) == 2
    assert target.read_text() == "mine"
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_run_that_fails_leaves_no_marker_beside_the_files_of_others(corpus, tmp_path):
    notes = write(tmp_path / "p" / "notes.txt")
    train = ["train", corpus, "--out", str(notes.parent), *SMALL]
    assert main([*train, "--mesh", "3x5"]) == 2
    assert content(notes.parent).keys() == {"notes.txt"}


def test_hidden_files_and_another_marker_beside_a_token_stream(corpus, tmp_path):
    hidden = write(tmp_path / "s" / ".vocabulary.tsv.original")
    encode = ["encode", corpus, "--min-count", "1", "--out", str(tmp_path / "s")]
    assert main(encode) == 0
    assert main([*encode[:3], "2", *encode[4:], "--overwrite"]) == 0
    part = write(tmp_path / "s" / "parts" / "20240101.1.txt")
    assert main([*encode[:3], "1", *encode[4:], "--overwrite"]) == 0
    assert hidden.read_text() == part.read_text() == "mine"
    marker = write(tmp_path / "s" / MARKER, '{"program": "mine"}')
    assert main([*encode, "--overwrite"]) == 2
    assert marker.read_text() == '{"program": "mine"}'


def test_an_encoding_that_fails_does_not_block_its_folder(corpus, tmp_path):
    encode = ["encode", corpus, "--out", str(tmp_path / "s"), "--min-count"]
    assert main([*encode, "100000"]) == 2
    assert not (tmp_path / "s" / "encoding.json").exists()
    assert main([*encode, "1"]) == 0


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    hold = (
        "import os, sys, time; from pathlib import Path; from jaxw2v.ownership import held\n"
        "with held(Path(sys.argv[1]), 'run', ()):\n"
        "    child = os.fork()\n"
        "    if child == 0: time.sleep(20); os._exit(0)\n"
        "print(child)"
    )
    folder = str(tmp_path / "p")
    with subprocess.Popen(
        [sys.executable, "-c", hold, folder], stdout=subprocess.PIPE, text=True
    ) as process:
        child = int(process.stdout.readline())
        with held(tmp_path / "p", "run", ()):
            pass
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("option", [["--overwrite"], ["--resume", "--epochs", "2"]], ids=str)
@pytest.mark.parametrize(
    "name",
    [
        "99.orbax-checkpoint-tmp-1/mine.txt",
        "777/metrics/mine.txt",
        "777/state/d/mine.txt",
        "{step}/state/d/my_notes.txt",
        "{step}/metrics/mine.txt",
        "{step}/state/array_metadatas/a",
    ],
)
def test_files_of_somebody_else_among_checkpoints(trained, option, name):
    run, words = trained
    mine = write(run / "checkpoints" / name.format(step=step_of(run).name))
    before = content(run)
    assert main([*words, *option]) == 2
    assert mine.read_text() == "mine"
    assert content(run) == before


def test_a_run_is_not_mixed_with_other_vectors(trained, vectors, tmp_path, capsys):
    run, _ = trained
    before = content(run)
    with pytest.raises(InputError, match="holds a run, whose vectors"):
        vectors.save(run)
    for name in ("vectors.safetensors", "vocabulary.tsv", "config.json", MARKER):
        with pytest.raises(InputError, match="is a part of the run"):
            vectors.export(run / name, "glove")
        words = ["export", str(run), "--format", "word2vec-text", "--overwrite", "--out"]
        assert main([*words, str(run / name)]) == 2
        assert "is a part of the run" in capsys.readouterr().err
    link = tmp_path / "mine.safetensors"
    link.symlink_to(run / "vectors.safetensors")
    with pytest.raises(InputError, match="is a part of the run"):
        vectors.export(link, "glove")
    assert content(run) == before
    vectors.save(tmp_path / "other")
    vectors.save(tmp_path / "other")
    vectors.export(run / "mine.txt", "glove")


def test_an_empty_name_is_not_the_folder_in_which_we_are(corpus, tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for words in (["train", corpus, *SMALL], ["encode", corpus]):
        for out in (["--out", ""], ["--out="]):
            assert main([*words, *out]) == 2
            assert "--out: is empty" in capsys.readouterr().err
    with pytest.raises(InputError, match="out is empty"):
        train(corpus, Config(embedding_dim=4, epochs=1), out="")
    assert not list((tmp_path / "here").iterdir())


def test_a_link_that_leads_to_itself_stays(trained, tmp_path, capsys):
    one, other = tmp_path / "one", tmp_path / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    assert main(["export", str(trained[0]), "--format", "glove", "--out", str(one)]) == 2
    assert "leads to itself" in capsys.readouterr().err
    assert one.is_symlink()
