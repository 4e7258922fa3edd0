import os
from pathlib import Path

import pytest

from jaxw2v import Config, Files, InputError
from jaxw2v.corpus import open_corpus
from jaxw2v.corpus.paths import expand_paths


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt", "d[1]/c.txt", "d[1]/e/f.txt", "d1/g.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.stem} word\n")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("d[1]/c.txt", ["d[1]/c.txt"]),
        ("d[1]/*.txt", ["d[1]/c.txt"]),
        ("d[1]/**/*.txt", ["d[1]/c.txt", "d[1]/e/f.txt"]),
        ("./d[1]/*.txt", ["./d[1]/c.txt"]),
        ("d[12]/*.txt", ["d1/g.txt"]),
        ("[ab].txt", ["a.txt", "b.txt"]),
        ("*/*.txt", ["d1/g.txt", "d[1]/c.txt"]),
    ],
)
def test_a_folder_that_exists_is_no_glob(files, pattern, found):
    assert expand_paths([pattern]) == found
    absolute = os.path.join(files, pattern)
    assert expand_paths([absolute]) == [os.path.join(files, name) for name in found]


def test_a_file_is_read_once_and_that_is_said(files):
    (files / "link.txt").symlink_to("a.txt")
    for named, again in [
        (["a.txt", "a.txt"], "a.txt: "),
        (["a.txt", "*.txt"], "a.txt, link.txt: "),
        (["*.txt", "./b.txt", str(files / "b.txt")], f"link.txt, ./b.txt, {files}/b.txt: "),
        (["s3://x/a.csv", "a.txt", "s3://x/a.csv"], "s3://x/a.csv: "),
    ]:
        with pytest.warns(UserWarning, match="every file is read once") as said:
            found = expand_paths(named)
        assert len(said) == 1
        assert str(said[0].message).startswith(again)
        assert len(found) == 2 or named == ["a.txt", "a.txt"]
    with pytest.warns(UserWarning, match=r"^a\.txt: named or matched more than once"):
        stream = open_corpus(Files(("a.txt", "[ab].txt")), Config(min_count=1))
    assert stream.vocabulary.words == ("word", "a", "b")
    assert stream.vocabulary.counts.tolist() == [2, 1, 1]


def test_the_home_folder(files, monkeypatch):
    monkeypatch.setenv("HOME", str(files))
    for corpus in ("~/a.txt", Path("~/a.txt"), Files(("~/a.txt",)), Files("~/[a].txt")):
        assert open_corpus(corpus, Config(min_count=1)).vocabulary.words == ("a", "word")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no*.txt", r"no\*.txt: no such file"),
        ("d1", "d1: is a directory; name its files, such as 'd1/\\*.txt'"),
        ("s3://x/a.txt", "an address must end in .parquet, .csv"),
        ("s3://x/a.csv.gz", "a compressed table can be read from a disk only; download it"),
    ],
)
def test_paths_that_name_no_file(files, path, message):
    with pytest.raises(InputError, match=message):
        expand_paths(["a.txt", path])
