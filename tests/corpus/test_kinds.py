import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections import Counter

import polars as pl
import pytest

from jaxw2v import Config, Files, InputError
from jaxw2v.compression import zstd
from jaxw2v.corpus import open_corpus

ROWS = {
    "csv": b'id,text\n1,"one, two"\n2,two\n',
    "tsv": b"id\ttext\n1\tone, two\n2\ttwo\n",
    "json": b'{"id": 1, "text": "one, two"}\n{"id": 2, "text": "two"}\n',
}
OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": zstd.open, "": open}


def counts(path, **settings):
    vocabulary = open_corpus(path, Config(min_count=1, **settings), show_progress=False).vocabulary
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


def tar(mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 8
        archive.addfile(member, io.BytesIO(b"one two\n"))
    return out.getvalue()


def old_tar():
    """One without the magic that newer ones have: its checksum tells."""
    block = bytearray(tar()[:512])
    block[257:265] = bytes(8)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + tar()[512:]


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def encrypted():
    """An archive that says its file is encrypted: the lowest bit of the flags in both headers."""
    content = bytearray(zipped(a__txt=b"one two\n"))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize("compression", OPENERS)
@pytest.mark.parametrize(
    ("ending", "form"),
    [("csv", "csv"), ("tsv", "tsv"), ("json", "json"), ("jsonl", "json"), ("ndjson", "json"),
     ("txt", "json")],
)  # fmt: skip
def test_tables_are_read_compressed_too(tmp_path, ending, form, compression):
    path = tmp_path / f"rows.{ending}{compression}"
    with OPENERS[compression](path, "wb") as file:
        file.write(ROWS[form])
    assert counts(path) == {"two": 2, "one": 1}


def test_the_one_file_of_a_zip_archive_is_read(tmp_path):
    for name, content in [("a__txt", b"one two\ntwo\n"), ("a__csv", ROWS["csv"])]:
        (tmp_path / "a.zip").write_bytes(zipped(**{name: content}))
        assert counts(tmp_path / "a.zip") == {"two": 2, "one": 1}
    with zipfile.ZipFile(tmp_path / "mac.data", "w") as archive:
        archive.mkdir("texts")
        archive.writestr("texts/a.txt", "one two\ntwo\n")
        archive.writestr("__MACOSX/texts/._a.txt", b"\0")
    assert counts(tmp_path / "mac.data") == {"two": 2, "one": 1}


@pytest.mark.parametrize("form", ["parquet", "ipc"])
def test_binary_tables_are_known_by_content(tmp_path, form):
    path = tmp_path / "rows.data"
    frame = pl.DataFrame({"id": [1, 2, 3], "text": [None, "one two", "two"]})
    getattr(frame, f"write_{form}")(path)
    with pytest.warns(UserWarning, match="^1 of 3 rows have no text"):
        assert counts(path) == {"two": 2, "one": 1}
    with gzip.open(tmp_path / "rows.gz", "wb") as file:
        file.write(path.read_bytes())
    with pytest.raises(InputError, match=r"rows\.gz: is a compressed .*decompress it first"):
        counts(tmp_path / "rows.gz")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (zipped(a__txt=b"one", b__txt=b"two"), "a.zip", r"zip archive of 2 files \(a.txt, b.txt\)"),
        (zipped(), "a.zip", "zip archive of 0 files; extract it"),
        (b"3 3\ncat 0.1 0.2 0.3\ndog .2 -1e-3 0.5\ncow 0.3 0.1 1\n", "a.vec", "holds word vectors"),
        (b"cat 0.1 0.2 0.3\ndog 0.2 0.1 0.5", "a.txt", "holds word vectors, not text; name the"),
        (b"2 999\n" + 2 * (b"w" + 999 * b" 0.25" + b"\n"), "a.txt", "holds word vectors"),
        (zipped(a__txt=b"one " * 99)[:-30], "a.zip", "damaged or cut short"),
        (encrypted(), "a.zip", "cannot be unzipped .*is encrypted.*; extract it first"),
        (zipped(a__gz=gzip.compress(b"one")), "a.zip", "is compressed twice"),
        (tar(), "a.txt", "is a tar archive; extract it"),
        (old_tar(), "a.txt", "is a tar archive; extract it"),
        (tar("w:gz"), "a.tgz", "is a tar archive; extract it"),
        (gzip.compress(gzip.compress(b"one")), "a.gz", "is compressed twice"),
        (b"%PDF-1.7\none two\n", "a.txt", "is a PDF; extract its text"),
        (b"{\\rtf1 one two}", "a.txt", "is RTF"),
        (b"WARC/1.0\r\none two", "a.warc", "is a web archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.txt", "is binary, not text: byte 8 is NUL"),
        ("one two".encode("utf-16"), "a.csv", "is UTF-16; convert it to UTF-8"),
        ("one two".encode("utf-16-le"), "a.txt", "is binary, not text.*if it is UTF-16"),
        (b'<?xml version="1.0"?><a>one</a>', "a.xml", "is XML or HTML"),
        (b'\xef\xbb\xbf\n<mediawiki xmlns="x">one', "a.txt", "is XML or HTML"),
        (bz2.compress(b"<mediawiki>\n <page>one"), "a.xml.bz2", "is XML or HTML"),
        (b'<doc id="1" title="one">\none two\n', "a.txt", "is what WikiExtractor writes"),
        (b'<page n="1">\none two\n', "a.txt", "is XML or HTML"),
        (b"<corpus><l>one</l></corpus>", "a.txt", "is XML or HTML"),
        (b'<div class="a">one two</div>', "a.txt", "is XML or HTML"),
        (b"<p>one</p>\n<p>two</p>\n", "a.txt", "is XML or HTML"),
        (b'["one two", "three"]', "a.txt", "is a JSON array"),
        (b'["1", "one two"]\n["2", "three"]\n', "a.txt", "is a JSON array"),
        (b"{'text': 'one'}\n", "a.txt", "holds Python's dictionaries"),
        (b'\x1e{"text": "one"}\n', "a.txt", "is a JSON text sequence"),
        (b"%!PS-Adobe-3.0\n", "a.txt", "is PostScript"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "a.arrow", "is an Arrow stream"),
        (b"FEA1\0\0", "a.feather", "Feather's first version"),
        ("one two".encode("utf-32"), "a.txt", "is UTF-32; convert it to UTF-8 .*UTF-32"),
        (b"one two\rthree four\rfive\r", "a.txt", "carriage returns alone"),
        (b"<!DOCTYPE html><html>one", "a.txt", "is XML or HTML"),
        (b'[{"text": "one"}]', "a.txt", "is a JSON array; write one object a line"),
        (b'["one", "two"]', "a.json", "is a JSON array; write one object a line"),
        (b'{\n "text": "one"\n}\n', "a.json", "a.json:1: is not JSON .*one object"),
        (b'"one"\n', "a.json", "a.json:1: holds no object"),
        (b"one two\n", "a.parquet", "cannot be read: the file does not begin as its name says"),
        (b'{"body": "one"}\n', "a.txt", "no column 'text'; it has body .*--text-column"),
    ],
    # Archives hold the time at which they were made, and workers must agree on names.
    ids=lambda value: "" if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_is_not_text_is_refused_by_name(tmp_path, content, name, message):
    (tmp_path / name).write_bytes(content)
    for errors in ("strict", "replace"):
        with pytest.raises(InputError, match=message) as refused:
            counts(tmp_path / name, errors=errors)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    ["<3 one", "<unk> one", "<b>one</b>", "{one} two", "[1] one", '["one"] two', "PK one",
     "BZh9 one", "%one", "{} one", "<a href=x>one</a>"],
)  # fmt: skip
def test_text_that_begins_strangely_is_text(tmp_path, line):
    (tmp_path / "a.txt").write_text(f"{line}\ntwo\n")
    found = counts(tmp_path / "a.txt")
    assert found["one"] == 1
    assert found["two"] >= 1


def test_a_nul_far_into_a_text_is_no_sign_of_a_binary(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\n" * 5_000 + b"\0two\n")
    assert counts(tmp_path / "a.txt") == {"one": 5_000, "two": 1}


@pytest.mark.parametrize(
    "text",
    ["one 1 2 3\ntwo 1 2 3\n", "1.5 0.1 0.2 0.3\n2.5 0.1 0.2 0.3\n", "cat 0.1 0.2 0.3\n",
     "cat 0.1 0.2 0.3\nand one two three\n", "9" * 5_000 + " 3\none 0.1 0.2 0.3\n",
     "3 3\n", "3 3\ncat 0.5\n", "1 2\none two 0.5\n"],
)  # fmt: skip
def test_text_with_numbers_is_text(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    found = counts(tmp_path / "a.txt", tokenizer="whitespace")
    assert found == Counter(text.split())


@pytest.mark.parametrize("form", ["parquet", "ipc"])
@pytest.mark.parametrize(("name", "other"), [("d[1]", "d1"), ("star*", "starX")])
def test_a_table_whose_name_looks_like_a_pattern_is_that_table(tmp_path, form, name, other):
    for stem, text in ((name, "right"), (other, "wrong")):
        getattr(pl.DataFrame({"text": [text]}), f"write_{form}")(tmp_path / f"{stem}.{form}")
    assert counts(tmp_path / f"{name}.{form}") == {"right": 1}


@pytest.mark.parametrize("values", [[True, False], [["one"]], [{"a": "one"}]], ids=str)
def test_a_column_that_holds_no_text_is_refused(tmp_path, values):
    pl.DataFrame({"text": values}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"column 'text' holds .*, not text"):
        counts(tmp_path / "a.parquet")


@pytest.mark.filterwarnings("ignore:1 of 2 rows have no text:UserWarning")
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([b"one two", b"two"], {"one": 1, "two": 2}),
        ([3, 4], {"3": 1, "4": 1}),
        ([float("nan"), 5.0], {"5": 1, "0": 1}),
    ],
    ids=["bytes", "integers", "floats"],
)
def test_a_column_that_can_be_text_is_read(tmp_path, values, found):
    pl.DataFrame({"text": values}).write_parquet(tmp_path / "a.parquet")
    assert counts(tmp_path / "a.parquet") == found


@pytest.mark.parametrize("module", [bz2, lzma], ids=["bz2", "xz"])
def test_what_follows_a_compressed_part_is_read_or_refused(tmp_path, module):
    one, two = module.compress(b"one\n" * 300), module.compress(b"two\n" * 300)
    path = tmp_path / "a.txt"
    path.write_bytes(one + two + two)
    assert counts(path) == {"one": 300, "two": 600}
    path.write_bytes(one + b"\0" * 8 + two + b"\0" * 4)
    assert counts(path) == {"one": 300, "two": 300}
    for damaged in (one + b"X" + two[1:], one + b"rubbish", one + two[:-9]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged"):
            counts(path)


@pytest.mark.parametrize(
    "line",
    [
        "<s>",
        "<s> one </s>",
        "<unk>",
        "<b>one</b> two",
        "<START>",
        "<mask>",
        "<table> one shows",
        "<head> of state",
        "<foo><bar> text",
        '["The Hague"]',
        '["Stop", "he" said',
    ],
)
def test_words_of_language_models_are_text(tmp_path, line):
    (tmp_path / "a.txt").write_text(f"{line}\none\n")
    assert counts(tmp_path / "a.txt")["one"] >= 1


@pytest.mark.parametrize(
    ("name", "header", "message"),
    [
        ("a.csv", "id\ttext", "separated by tabs"),
        ("a.tsv", "id,text", "separated by commas"),
        ("a.csv", "sep=,", "begins with 'sep="),
    ],
)
def test_the_separator_of_a_table_is_named(tmp_path, name, header, message):
    (tmp_path / name).write_text(f"{header}\n1\n")
    with pytest.raises(InputError, match=message):
        counts(tmp_path / name)


def test_text_beside_tables_needs_no_column(tmp_path):
    (tmp_path / "a.csv").write_text("id,body\n1,one\n")
    for name in ("wiki_00", "b.txt.gz", "news.en"):
        with (
            gzip.open(tmp_path / name, "wt")
            if name.endswith("gz")
            else open(tmp_path / name, "w") as file
        ):
            file.write("I like it,body\nyou, me\nthree, or, more words\n")
    paths = tuple(str(tmp_path / name) for name in ("a.csv", "wiki_00", "b.txt.gz", "news.en"))
    stream = open_corpus(Files(paths), Config(min_count=1, text_column="body"))
    assert stream.vocabulary.counts[stream.vocabulary["three"]] == 3
    with pytest.raises(InputError, match="wiki_00: is plain text, and has no column 'body'"):
        open_corpus(Files(paths[1:]), Config(min_count=1, text_column="body"))


def test_a_table_of_long_texts_is_known(tmp_path):
    long = " ".join(["word"] * 4_000)
    (tmp_path / "pipe").write_text(f'id,text,label\n1,"{long}",pos\n2,a b,neg\n')
    assert counts(tmp_path / "pipe") == {"word": 4_000, "a": 1, "b": 1}


def test_stray_carriage_returns_are_no_line_ends(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one two three\r" * 5_000 + b"\nfour\n")
    assert counts(tmp_path / "a.txt")["four"] == 1
    (tmp_path / "b.txt").write_bytes(b"one two\r three\r four")
    assert counts(tmp_path / "b.txt")["three"] == 1
