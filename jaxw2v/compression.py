"""Compressed files: gzip, bzip2, xz and zstd, and zip archives, known by their first bytes."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal

from jaxw2v.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ZIP = rb"PK(\x03\x04|\x05\x06)"
_OPENERS: dict[bytes, Callable[[io.BufferedReader, Literal["rb"]], io.BufferedIOBase]] = {
    rb"\x1f\x8b": gzip.open,
    # Text may begin with BZh; a block, or the end of an empty file, follows in a compressed one.
    rb"BZh[1-9](1AY&SY|\x17rE8P\x90)": lambda raw, mode: _members(raw, bz2.BZ2Decompressor),
    rb"\xfd7zXZ\x00": lambda raw, mode: _members(raw, lzma.LZMADecompressor),
    # zstd in parallel begins with a frame that is skipped.
    rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18": zstd.open,
}
# How compressed content begins.
COMPRESSED = b"|".join([*_OPENERS, _ZIP])
ENDINGS = {".gz", ".bz2", ".xz", ".zst"}
# What a compressed file that is damaged or cut short raises; bz2 also an OSError without an errno.
DAMAGED = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
)


@contextlib.contextmanager
def damage_named(path: str | os.PathLike) -> Iterator[None]:
    """Turns what reading a file raises into one line that names it.

    Args:
      path: the path of the file.

    Yields:
      While the file is read.

    Raises:
      InputError: it cannot be opened, or is damaged.
    """
    try:
        yield
    except DAMAGED as error:
        raise InputError(f"{path}: damaged or cut short: {error}") from None
    except OSError as error:
        # bz2 reports damage as an OSError without an errno.
        raise InputError(f"{path}: {error.strerror or f'damaged: {error}'}") from None


class _Members(io.RawIOBase):
    """Members decompressed one after another; what follows one has to be another, or padding.

    Python's own readers of bz2 and xz leave out what follows a member if it is damaged.
    """

    def __init__(self, raw: IO[bytes], new: Callable[[], Any]):
        self._raw, self._new, self._decompressor = raw, new, new()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """To the start only."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Starts anew."""
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only the start can be found again")
        self._raw.seek(0)
        self._decompressor = self._new()
        return 0

    def _after_zeros(self, given: bytes) -> bytes:
        """What follows the zeros by which xz pads; nothing at the end of the file."""
        while not (rest := given.lstrip(b"\0")):
            given = self._raw.read(1 << 16)
            if not given:
                return b""
        return rest

    def readinto(self, buffer: Any) -> int:
        """Decompresses as much as fits."""
        while True:
            given = b""
            if self._decompressor.eof:
                given = self._after_zeros(self._decompressor.unused_data)
                if not given:
                    return 0
                self._decompressor = self._new()
            elif self._decompressor.needs_input:
                given = self._raw.read(1 << 16)
                if not given:
                    raise EOFError("it ends before its content does")
            data = self._decompressor.decompress(given, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)


def _members(raw: IO[bytes], new: Callable[[], Any]) -> io.BufferedReader:
    return io.BufferedReader(_Members(raw, new), 1 << 16)


def open_compressed(path: str, raw: io.BufferedReader) -> io.BufferedIOBase:
    """Opens what a file holds, by its first bytes.

    Args:
      path: the path of the file, for errors.
      raw: the file, at its start.

    Returns:
      The content decompressed; ``raw`` itself if it is not compressed.

    Raises:
      InputError: it is not compressed, and its name says that it is.
    """
    start = raw.read(16)
    raw.seek(0)
    for magic, opener in _OPENERS.items():
        if re.match(magic, start):
            return opener(raw, "rb")
    if Path(path).suffix.lower() in ENDINGS and start:
        raise InputError(f"{path}: damaged: the file does not begin as its name says")
    return raw


def is_zip(raw: IO[bytes]) -> bool:
    """Whether a file, which stays at its start, is a zip archive."""
    start = raw.read(16)
    raw.seek(0)
    return bool(re.match(_ZIP, start))


def open_zip(path: str, raw: IO[bytes]) -> zipfile.ZipExtFile:
    """Opens the one file of a zip archive.

    Args:
      path: the path of the archive, for errors.
      raw: the archive.

    Returns:
      The file, decompressed; its ``name`` is that in the archive.

    Raises:
      InputError: there are several, or it is encrypted or compressed in a rare way.
    """
    archive = zipfile.ZipFile(raw)
    # macOS adds a folder of its own.
    files = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(files) != 1:
        names = ", ".join(member.filename for member in files[:3])
        names = f" ({names}{', ...' if len(files) > 3 else ''})" if files else ""
        raise InputError(
            f"{path}: is a zip archive of {len(files)} files{names}; extract it and name the ones "
            "to read"
        )
    try:
        return archive.open(files[0])  # type: ignore[return-value]
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be unzipped ({error}); extract it first") from None
