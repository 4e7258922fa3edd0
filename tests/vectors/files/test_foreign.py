"""What holds no vectors is named."""

import io
import tarfile
import warnings
import zipfile

import numpy as np
import pytest
from vector_files import load

from jaxw2v import InputError

FILES = [
    (b"", "is empty"),
    (b" \n\n", "is empty"),
    (b"2 0\na\nb\n", "promises 2 words of 0 numbers"),
    (b"0 2\n", "promises 0 words of 2 numbers"),
    (b"2 2\na 1 2\n", "cut short"),
    (b"3 2\na 1 2\nb 1 2\n", "cut short"),
    (b"9999999999 300\na 1 2\n", "cut short, or its header is wrong"),
    (b"300 9999999999\na 1 2\n", "cut short, or its header is wrong"),
    (b"1 2\na 1 2\nb 1 2\n", ":3: goes on after the 1 words that its header promises"),
    (b"2 3\na 1 2\nb 1 2\n", ":2: expected a word and 3 numbers, got 2"),
    (b"1 1\na " + b"x" * 100_000, ":2: is longer than a word and 1 numbers can be"),
    (b"Once upon a time\nthere was\n", ":1: holds no vectors: it looks like plain text"),
    (b"<html><body>404</body></html>", "it looks like a web page or XML"),
    (b'{"error": "not found"}', "it looks like JSON"),
    (b"\x93NUMPY\x01\x00v\x00", "it looks like a NumPy array"),
    (b"\x80\x04\x95\x00\x00\x00", "it looks like a Python pickle, such as gensim's own format"),
    (b"PK\x03\x04\x14\x00\x00\x00", "it looks like a zip archive"),
    (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00", "cut short or damaged; get the file again"),
    (b"PAR1\x15\x00\x15", "it looks like a parquet table"),
    (b"\x00\x01\x02\x03", "in a format known here: it is binary"),
    ("a 1.5 2\nb 3 4\n".encode("utf-16"), "it looks like UTF-16; write it anew by: iconv"),
    (b"the 1061396\nof 593677\nand 416629\n", "it looks like a file of counts"),
    (b"the\t1061396\nof\t593677", "it looks like a file of counts"),
    (b"the 12\nnew york 7\nx\n1984 5\n", "it looks like a file of counts"),
    (b"2 2\ra 1 2\rb 3 4\r", "its lines end by carriage returns alone"),
    (b"a 1 2\rb 3 4", "its lines end by carriage returns alone"),
    (b"a 1 2\r" * 20_000, "its lines end by carriage returns alone"),
    (b"\x28\xb5\x2f\xfd\x00", "damaged or cut short"),
]


@pytest.mark.parametrize(("content", "message"), FILES)
def test_what_is_no_file_of_vectors_is_named(tmp_path, content, message):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    for errors in ("strict", "skip"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if errors == "skip" else "error")
            with pytest.raises(InputError, match=message if errors == "strict" else "v.txt"):
                load(path, errors=errors)


def packed(kind, content):
    """An archive with one file, which is stored as it is where the format can."""
    archive = io.BytesIO()
    if kind.startswith("zip"):
        method = zipfile.ZIP_DEFLATED if kind == "zip deflated" else zipfile.ZIP_STORED
        with zipfile.ZipFile(archive, "w", method) as file:
            file.writestr("glove.txt", content)
    else:
        form = tarfile.USTAR_FORMAT if kind == "tar ustar" else tarfile.GNU_FORMAT
        with tarfile.open(
            mode="w:gz" if kind == "tar.gz" else "w", fileobj=archive, format=form
        ) as t:
            info = tarfile.TarInfo("glove.txt")
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    return archive.getvalue()


@pytest.mark.parametrize("kind", ["zip stored", "zip deflated", "tar ustar", "tar gnu", "tar.gz"])
@pytest.mark.parametrize("format", ["word2vec-text", "glove", "word2vec-bin"])
def test_an_archive_is_named(wv, tmp_path, kind, format):
    wv.export(tmp_path / "v", format)
    (tmp_path / "v").write_bytes(packed(kind, (tmp_path / "v").read_bytes()))
    for errors in ("strict", "replace", "skip"):
        with pytest.raises(
            InputError, match=f"it looks like a {kind[:3]} archive; unpack it first"
        ):
            load(tmp_path / "v", errors=errors)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"0.1\t0.2\t0.3\n0.4\t0.5\t0.6\n", "holds numbers and no words"),
        (b"2 1\nthe 500\ncat 30\n", "file of counts"),
        (b"the 500 30\ncat 30 7\n", "file of counts"),
        (b"cat dog 7.5\nking queen 8.5\n", "scored pairs"),
        (b"1 2\ncat " + np.ones(2, ">f4").tobytes(), "big-endian|no float32"),
    ],
)
def test_what_has_no_vectors_or_no_words_is_refused(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    if b"cat " in content and b"\x3f" in content:
        large = np.array([1e20, 1], "<f4").tobytes()
        (tmp_path / "v").write_bytes(b"1 2\ncat " + large)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "v")
