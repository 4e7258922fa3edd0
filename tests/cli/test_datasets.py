"""Texts and vectors that can be had by name."""

from jaxw2v.cli import main
from jaxw2v.corpus.downloads import DOWNLOADS
from jaxw2v.vectors.files.published import PUBLISHED


def test_every_name_stands_there_once_with_its_size_and_licence(capsys):
    assert main(["datasets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    named = [line.split()[0] for line in lines if line.startswith("  ") and "licence" not in line]
    assert named == ["builtin", *DOWNLOADS, *PUBLISHED]
    assert sum("licence: " in line for line in lines) == len(PUBLISHED)
    (glove,) = [line for line in lines if line.split()[0] == "glove-wiki-gigaword-100"]
    assert " MB " in glove
    assert f"{PUBLISHED['glove-wiki-gigaword-100'].words:,} x 100" in glove
