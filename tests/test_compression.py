"""Compressed content is known by its first bytes, and read to its end or refused."""

import bz2
import gzip
import io
import lzma
import re
import zipfile

import pytest

from jaxw2v import InputError
from jaxw2v.compression import COMPRESSED, damage_named, is_zip, open_compressed, open_zip, zstd

CONTENT = bytes(range(256)) * 300
KINDS = {".gz": gzip, ".bz2": bz2, ".xz": lzma, ".zst": zstd}


def opened(data, name="x"):
    return open_compressed(name, io.BufferedReader(io.BytesIO(data)))


@pytest.mark.parametrize("ending", KINDS)
def test_members_one_after_another_are_one_content(ending):
    compress = KINDS[ending].compress
    data = compress(CONTENT[:1_000]) + compress(b"") + compress(CONTENT[1_000:])
    file = opened(data)
    assert file.read() == CONTENT
    file.seek(0)
    assert file.read(10) == CONTENT[:10]


@pytest.mark.parametrize("ending", KINDS)
@pytest.mark.parametrize(
    "damage", [lambda d: d[:-5], lambda d: d + b"what is this"], ids=["cut", "followed"]
)
def test_what_is_cut_or_followed_by_something_else_is_named(ending, damage):
    data = damage(KINDS[ending].compress(CONTENT))
    with pytest.raises(InputError, match=r"^x: damaged"), damage_named("x"):
        opened(data).read()


def test_zeros_that_pad_are_no_damage():
    assert opened(lzma.compress(CONTENT) + bytes(8) + lzma.compress(b"end")).read() == (
        CONTENT + b"end"
    )


@pytest.mark.parametrize("text", [b"BZhang wrote this", b"(note) text", b"PKs", b""])
def test_text_that_begins_so_is_text(text):
    raw = io.BufferedReader(io.BytesIO(text))
    assert open_compressed("x", raw) is raw
    assert raw.read() == text


@pytest.mark.parametrize("ending", KINDS)
def test_a_name_that_promises_too_much_is_refused(ending):
    with pytest.raises(InputError, match=r"damaged: the file does not begin as its name says"):
        opened(b"plain text", f"x{ending.upper()}")


def packed(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return io.BytesIO(data.getvalue())


def test_an_archive_of_one_file():
    for names in (("a.txt",), ("__MACOSX/._a.txt", "a.txt")):
        archive = packed(*names)
        assert is_zip(archive)
        assert archive.tell() == 0
        assert open_zip("x.zip", archive).read() == b"a.txt"
    assert not is_zip(io.BytesIO(CONTENT))
    for names, said in (((), "of 0 files;"), ("abcd", r"of 4 files \(a, b, c, ...\);")):
        with pytest.raises(InputError, match=rf"^x.zip: is a zip archive {said} extract it"):
            open_zip("x.zip", packed(*names))


def test_a_path_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(InputError, match="No such file or directory"), damage_named("x"):
        (tmp_path / "none").read_bytes()


def test_the_pattern_knows_every_kind():
    for module in KINDS.values():
        assert re.match(COMPRESSED, module.compress(CONTENT))
    assert re.match(COMPRESSED, packed("a").getvalue())
    assert not re.match(COMPRESSED, b"the cat sat")
