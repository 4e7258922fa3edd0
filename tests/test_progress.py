"""What is told, and that a stream which cannot show it decides nothing."""

import io
import sys

from jaxw2v.progress import progress_bar, say, tell


class Gone(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text):
        raise BrokenPipeError


def test_a_line_goes_to_its_stream(capsys):
    say("result")
    tell("on the way")
    assert capsys.readouterr() == ("result\n", "on the way\n")


def test_a_bar_counts_and_can_be_silent(capsys):
    assert list(progress_bar("abc", desc="letters")) == ["a", "b", "c"]
    drawn = capsys.readouterr().err
    assert "letters" in drawn
    assert "3/3" in drawn
    assert list(progress_bar("abc", show=False)) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_a_bar_that_waits_is_not_drawn_by_a_line_above_it(capsys):
    with progress_bar(total=1, delay=60) as bar:
        tell("a warning")
        bar.update(1)
    tell("an error")
    lines = capsys.readouterr().err.replace("\r", "").splitlines()
    assert [line.strip() for line in lines] == ["a warning", "an error"]


def test_streams_that_are_gone_or_were_never_there(monkeypatch):
    for stream in (None, Gone()):
        monkeypatch.setattr(sys, "stderr", stream)
        tell("nobody hears it")
        assert sum(progress_bar([1, 2])) == 3


def test_what_a_stream_cannot_show_is_escaped(monkeypatch):
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, encoding="ascii", newline="\n"))
    say("naïve")
    assert held.getvalue() == b"na\\xefve\n"
