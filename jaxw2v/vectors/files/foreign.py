"""Names what a file holds that holds no vectors."""

from __future__ import annotations

from jaxw2v.errors import InputError
from jaxw2v.vectors.files.opening import Reader, is_number

_PICKLE = "a Python pickle, such as gensim's own format; save it there by save_word2vec_format"
_UTF16 = "UTF-16; write it anew by: iconv -f UTF-16 -t UTF-8"
_OTHERS = {
    b"\x93NUMPY": "a NumPy array, which has no words",
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
    b"PK": "a zip archive; unpack it first",
    b"PAR1": "a parquet table",
    b"ARROW1": "an Arrow table",
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF document",
    b"SQLite": "a database",
    b"<": "a web page or XML",
    b"{": "JSON",
    b"[": "JSON",
}


def no_vectors(reader: Reader, head: bytes) -> InputError:
    """The error of a file in no format known here.

    Args:
      reader: the reader of the file.
      head: its start, without a byte order mark.

    Returns:
      The error.
    """
    path = reader.path
    first, _, others = head.partition(b"\n")[0].rstrip(b"\r").partition(b"\r")
    fields = first.split()
    if others and len(fields) > 1 and is_number(fields[-1]) and b"\0" not in first:
        return InputError(
            f"{path}: its lines end by carriage returns alone; write it anew by: tr '\\r' '\\n'"
        )
    what = next((what for magic, what in _OTHERS.items() if head.startswith(magic)), "")
    if head[257:262] == b"ustar":
        what = "a tar archive; unpack it first"
    if what:
        return InputError(f"{path}: holds no vectors: it looks like {what}")
    if b"\0" in head:
        return InputError(f"{path}: holds no vectors in a format known here: it is binary")
    return InputError(
        f"{path}:1: holds no vectors: it looks like plain text; expected a word and its numbers in "
        f"a line, got {first[:40]!r}"
    )
