"""What a file of a corpus holds: known by its first bytes, else by its name."""

from __future__ import annotations

import csv
import re
import tarfile
from pathlib import Path

from jaxw2v.compression import COMPRESSED, ENDINGS
from jaxw2v.errors import InputError

# So many bytes of a file tell what it holds.
HEAD = 1 << 13
TEXT, JSON, CSV, TSV, PARQUET, ARROW = "text", "json", "csv", "tsv", "parquet", "arrow"
BY_ENDING = {
    ".parquet": PARQUET,
    ".csv": CSV,
    ".tsv": TSV,
    ".json": JSON,
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".arrow": ARROW,
    ".feather": ARROW,
}
_SCANNED = {rb"PAR1": PARQUET, rb"ARROW1": ARROW}
_EXTRACT = "extract its text first"
_UTF8 = "convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"
_IPC_STREAM = "write it as Parquet (datasets: dataset.to_parquet)"
_NOT_TEXT = {
    COMPRESSED: ("is compressed twice", "decompress it first"),
    rb"%PDF-": ("is a PDF", _EXTRACT),
    rb"\{\\rtf": ("is RTF", _EXTRACT),
    rb"\xd0\xcf\x11\xe0": ("is an old Office document", _EXTRACT),
    rb"WARC/\d": ("is a web archive (WARC)", _EXTRACT),
    rb"\x1f\x9d|\x04\x22\x4d\x18": ("is compressed by compress or lz4", "decompress it first"),
    rb"Rar!|7z\xbc\xaf": ("is an archive (rar, 7z)", "extract it and name the files to read"),
    rb"%!PS": ("is PostScript", _EXTRACT),
    rb"\xff{4}": ("is an Arrow stream, as Hugging Face's datasets keep it", _IPC_STREAM),
    rb"FEA1": ("is of Feather's first version", "write it anew (pyarrow.feather.write_feather)"),
    rb"\xff\xfe\0\0|\0\0\xfe\xff": ("is UTF-32", _UTF8.replace("16", "32")),
    rb"\xff\xfe|\xfe\xff": ("is UTF-16", _UTF8),
    rb"\x1e\s*\{": ("is a JSON text sequence", "write an object a line (jq -c . does)"),
    rb"\{\s*'[^'\n]*'\s*:": ("holds Python's dictionaries", "write JSON (json.dumps), one a line"),
    rb"<doc id=": ("is what WikiExtractor writes, with its tags", "let it write --json"),
}
_BOM = rb"(\xef\xbb\xbf)?\s*"
# A declaration, a comment, or a root that dumps have.
_XML = re.compile(_BOM + rb"<(\?xml|!doctype|!--|(mediawiki|html|rss|feed|svg)\b)", re.IGNORECASE)
# A part of a page, or a tag alone on its line or before another one; <s> and <unk> are words of
# language models, and a tag without attributes that is never closed is text too.
_TAG = re.compile(
    _BOM + rb"<((body|head|div|p|table|article)\b(?P<some>[^>\n]*=)?"
    rb"|(?!(s|unk|pad|eos|bos|mask|sep|cls)>)[a-z][\w:.-]*"
    rb"(?P<others>\s+[\w:.-]+\s*=\s*(\"[^\"]*\"|'[^']*'))*\s*/?>[ \t\r]*(\n|$|<[a-z]))",
    re.IGNORECASE,
)
# Columns have names; prose has blanks.
_NAME = re.compile(r"[\w.:/-]{1,60}")
_OBJECT = re.compile(_BOM + rb'\{\s*"[^"\n]*"\s*:')
_ARRAY = re.compile(
    _BOM + rb'\[\s*(\{\s*("[^"\n]*"\s*:|\})'
    rb'|("[^"\n]*"\s*,\s*)+(\n|"[^"\n]*"\s*\]?\s*(\n|$)))'
)
_LIST = re.compile(_BOM + rb"\[")
# Vectors as text: in some files a line of two numbers, then lines of a word and numbers.
_SIZES = re.compile(rb"\d{1,18}[ \t]+\d{1,18}[ \t\r]*")
_COMPONENT = re.compile(rb"-?\d*\.\d+(e[+-]?\d+)?|-?\d+\.?(e[+-]?\d+)?", re.IGNORECASE)


def kind_of(path: str, name: str, head: bytes, column: str) -> str:
    r"""Tells what a file holds.

    Args:
      path: the path of the file, for errors.
      name: the name of its content, which says what the content does not.
      head: its first ``HEAD`` bytes, decompressed.
      column: the column that holds the text, by which a table is known whose name does not tell,
        such as one that comes through a pipe.

    Returns:
      ``text``, ``json`` (an object a line), ``csv``, ``tsv``, ``parquet`` or ``arrow``.

    Raises:
      InputError: it is nothing that can be read; the message says what it is.

    Example:
      >>> heads = b'{"text": "one two"}', b"one two", b"id,text\n1,one two\n"
      >>> [kind_of("-", "pipe", head, "text") for head in heads]
      ['json', 'text', 'csv']
    """
    for magic, kind in _SCANNED.items():
        if head.startswith(magic):
            return kind
    _refuse_what_is_not_text(path, head)
    kind = BY_ENDING.get(ending(name), TEXT)
    if kind in _SCANNED.values():
        raise InputError(f"{path}: cannot be read: the file does not begin as its name says")
    if _ARRAY.match(head) or (kind == JSON and _LIST.match(head)):
        raise InputError(
            f"{path}: is a JSON array; write one object a line (jq -c '.[]' does) and name "
            "the field that holds the text (--text-column)"
        )
    if _OBJECT.match(head):
        return JSON
    return _table_in(head, column) if kind == TEXT else kind


def _table_in(head: bytes, column: str) -> str:
    """A table, if the first line names columns, this one among them, and the second fits; or text.

    It fits with as many fields, or with fewer where it is longer than the head.
    """
    lines = head.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()[:2]
    if len(lines) < 2:
        return TEXT
    is_cut = lines[1].count('"') % 2 or (len(head) == HEAD and head.count(b"\n") < 2)
    for kind, separator in ((CSV, ","), (TSV, "\t")):
        header, row = (next(csv.reader([line], delimiter=separator), []) for line in lines)
        fits = len(row) == len(header) or (is_cut and len(row) < len(header))
        if column in header and len(header) > 1 and fits and all(map(_NAME.fullmatch, header)):
            return kind
    return TEXT


def _refuse_what_is_not_text(path: str, head: bytes) -> None:
    for magic, (what, remedy) in _NOT_TEXT.items():
        if re.match(magic, head):
            raise InputError(f"{path}: {what}; {remedy}")
    if _is_tar(head):
        raise InputError(f"{path}: is a tar archive; extract it and name the files to read")
    if b"\0" in head:
        raise InputError(
            f"{path}: is binary, not text: byte {head.index(0)} is NUL; if it is UTF-16, {_UTF8}"
        )
    if _holds_vectors(head):
        raise InputError(
            f"{path}: holds word vectors, not text; name the text to learn from (--init-from takes "
            "vectors to start from)"
        )
    tag = _TAG.match(head)
    if _XML.match(head) or (tag and (tag["some"] or tag["others"] or b"</" in head)):
        raise InputError(
            f"{path}: is XML or HTML; {_EXTRACT} (for dumps of Wikipedia WikiExtractor does)"
        )


def _holds_vectors(head: bytes) -> bool:
    """Whether rows are a word and as many numbers each, most of them with decimals.

    One row is enough where a first line names its length.
    """
    lines = head.split(b"\n")
    lines = lines[: -1 if len(head) == HEAD or not lines[-1].strip() else None]
    has_sizes = bool(lines) and bool(_SIZES.fullmatch(lines[0]))
    rows = [line.split() for line in lines[has_sizes:]]
    lengths = {len(row) for row in rows} | ({1 + int(lines[0].split()[1])} if has_sizes else set())
    if len(rows) < 2 - has_sizes or len(lengths) > 1 or len(rows[0]) < 4:
        return False
    numbers = [number for row in rows for number in row[1:]]
    has_words = not any(_COMPONENT.fullmatch(row[0]) for row in rows[:2])
    are_numbers = all(map(_COMPONENT.fullmatch, numbers))
    return has_words and are_numbers and 2 * sum(b"." in n for n in numbers) > len(numbers)


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def ending(name: str) -> str:
    """The ending of a name, in lower case, without that of a compression.

    Args:
      name: a path or an address.

    Returns:
      The ending with its dot; "" if there is none.

    Example:
      >>> ending("rows.CSV.gz"), ending("rows.txt"), ending("rows")
      ('.csv', '.txt', '')
    """
    path = Path(name)
    if path.suffix.lower() in ENDINGS:
        path = path.with_suffix("")
    return path.suffix.lower()
