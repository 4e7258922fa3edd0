"""The command that turns text into a token stream."""

import pytest
from command_line import fails

from jaxw2v.cli import main
from jaxw2v.corpus import TokenStream


def test_a_stream_is_written_and_said(corpus, tmp_path, capsys):
    out = tmp_path / "s"
    assert main(["encode", corpus, "--out", str(out), "--min-count", "1"]) == 0
    assert capsys.readouterr().out == (
        f"{out}: 2,700 tokens of 2,700 words, 6 different ones, in 1 shard\n"
    )
    stream = TokenStream.load(out)
    assert (len(stream), stream.num_sentences) == (2_700, 300)


@pytest.mark.parametrize("also", [["--min-count", "2"], []], ids=["settings", "text"])
def test_other_text_or_settings_replace_nothing_unless_told(corpus, tmp_path, capsys, also):
    out = tmp_path / "s"
    encode = ["encode", corpus, "--out", str(out)]
    assert main([*encode, "--min-count", "1"]) == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    if not also:
        with open(corpus, "a") as file:
            file.write("\none more line")
        also = ["--min-count", "1"]
    fails(capsys, [*encode, *also], "--overwrite")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert main([*encode, *also, "--overwrite"]) == 0


def test_a_corpus_that_is_not_there_is_one_line(tmp_path, capsys):
    fails(capsys, ["encode", str(tmp_path / "none"), "--out", str(tmp_path / "s")], "none")
    assert not (tmp_path / "s").exists()
