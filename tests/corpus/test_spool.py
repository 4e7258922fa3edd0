import os
import socket
import subprocess
import sys
import threading

import pytest

from jaxw2v import Config, Files, InputError
from jaxw2v.corpus import encode_corpus, open_corpus

SETTINGS = Config(min_count=1)


def write(fifo, content):
    """Writes to a pipe whose reader comes later."""
    os.mkfifo(fifo)
    thread = threading.Thread(target=fifo.write_bytes, args=(content,))
    thread.start()
    return thread


def test_pipes_are_read_and_leave_nothing(tmp_path, cache):
    (tmp_path / "plain.txt").write_text("one two\n")
    threads = [
        write(tmp_path / "pipe", b"two three\n" * 50_000),
        write(tmp_path / "rows.csv", b'id,text\n1,"three, four"\n'),
    ]
    paths = ("pipe", "plain.txt", "rows.csv")
    stream = open_corpus(Files(tuple(str(tmp_path / p) for p in paths)), SETTINGS)
    for thread in threads:
        thread.join()
    assert stream.vocabulary.words == ("three", "two", "four", "one")
    assert stream.vocabulary.counts.tolist() == [50_001, 50_001, 1, 1]
    assert list((cache / "spool").iterdir()) == []
    assert len(stream.read(0, len(stream))[0]) == 100_004


def test_encode_reads_pipes(tmp_path, cache):
    write(tmp_path / "pipe", b"one two\n")
    stream = encode_corpus(tmp_path / "pipe", tmp_path / "out", SETTINGS)
    assert stream.vocabulary.words == ("one", "two")
    assert list((cache / "spool").iterdir()) == []


def test_errors_name_the_pipe(tmp_path, cache):
    for content, message in [(b"ok\n\xff\n", ":2: not UTF-8"), (b"%PDF-1.4", ": is a PDF")]:
        pipe = tmp_path / str(len(content))
        write(pipe, content)
        with pytest.raises(InputError) as refused:
            open_corpus(pipe, SETTINGS)
        assert str(refused.value).startswith(f"{pipe}{message}")
    write(tmp_path / "empty", b"")
    with pytest.raises(InputError, match=r"empty: nothing came through it.*read once only"):
        open_corpus(tmp_path / "empty", SETTINGS)
    write(tmp_path / "twice", b"one")
    with pytest.raises(InputError, match="twice: named twice; a pipe can be read once only"):
        open_corpus(Files((tmp_path / "twice", tmp_path / "twice")), SETTINGS)
    for device in ("/dev/null", "/dev/zero"):
        with pytest.raises(InputError, match=f"{device}: is a device, not a file"):
            open_corpus(device, SETTINGS)
    assert list((cache / "spool").iterdir()) == []


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0"])
@pytest.mark.parametrize("given", ["through a pipe", "from a file"])
def test_standard_input(tmp_path, name, given):
    (tmp_path / "a.txt").write_text("one two two\n")
    code = (
        "import sys; from jaxw2v import Config; from jaxw2v.corpus import open_corpus\n"
        "v = open_corpus(sys.argv[1], Config(min_count=1), show_progress=False).vocabulary\n"
        "print(*v.words, *v.counts)"
    )
    command = [sys.executable, "-c", code, name]
    if given == "through a pipe":
        out = subprocess.run(command, input=b"one two two\n", stdout=subprocess.PIPE, check=True)
    else:
        with open(tmp_path / "a.txt") as file:
            out = subprocess.run(command, stdin=file, stdout=subprocess.PIPE, check=True)
    assert out.stdout.split() == [b"two", b"one", b"2", b"1"]


def test_standard_input_that_is_closed(tmp_path):
    command = f"{sys.executable} -m jaxw2v encode - --out {tmp_path / 'out'} <&-"
    out = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert out.stderr.startswith("jaxw2v: error: -: nothing came through it")
    assert out.returncode == 2


def test_a_socket_cannot_be_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        with pytest.raises(InputError, match=r"^s: cannot be opened: "):
            open_corpus("s", SETTINGS)


@pytest.mark.parametrize(
    ("content", "column", "words"),
    [
        (b"id,body,label\n1,one two,spam\n2,two,ham\n", "body", {"one": 1, "two": 2}),
        (b"id\tbody\n1\tone, two\n", "body", {"one": 1, "two": 1}),
        (b"id,text\n1,one\n", "text", {"one": 1}),
        (b"a text, one text\n", "text", {"a": 1, "text": 2, "one": 1}),
    ],
    ids=["csv", "tsv", "default", "no table"],
)
def test_a_table_that_comes_through_a_pipe_is_known_by_its_header(tmp_path, content, column, words):
    thread = write(tmp_path / "pipe", content)
    settings = Config(min_count=1, text_column=column)
    vocabulary = open_corpus(Files((str(tmp_path / "pipe"),)), settings).vocabulary
    thread.join()
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == words


def test_a_column_of_what_has_none_is_refused(tmp_path):
    thread = write(tmp_path / "pipe", b"id,text\n1,one\n")
    with pytest.raises(InputError, match=r"pipe: is plain text, and has no column 'body'"):
        open_corpus(Files((str(tmp_path / "pipe"),)), Config(min_count=1, text_column="body"))
    thread.join()
