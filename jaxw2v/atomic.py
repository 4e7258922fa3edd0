"""Files that appear only when they are complete."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jaxw2v.errors import NO_ROOM, InputError

UNFINISHED = ".jaxw2v-tmp"
"""How the temporary names end, by which what a killed process left is known."""


@contextlib.contextmanager
def renamed_when_complete(path: str | Path) -> Iterator[Path]:
    """Gives a temporary name beside ``path``; on success it takes that name, else it vanishes.

    A link stays, and what it points to is replaced.

    Args:
      path: the file that is to be.

    Yields:
      The temporary path.

    Raises:
      InputError: a device, a pipe or a folder is there.
      OSError: the file cannot be written.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is no plain file and is not replaced; choose another --out")
    try:
        handle, name = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
    except OSError as error:
        # The system's names the temporary file.
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        with named_where_full(path):
            yield temporary
        follow_umask(temporary, 0o666)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def named_where_full(path: str | Path) -> Iterator[None]:
    """Lets an error of a disk that is full say what was written; the system's does not.

    Args:
      path: what is written.

    Yields:
      While it is.

    Raises:
      OSError: there is no room, with the path; whatever else the body raises as it is.
    """
    try:
        yield
    except Exception as error:
        number = getattr(error, "errno", None)
        # polars, written in Rust, tells it in words, of whatever class its error is.
        if told := re.search(r"\(os error (\d+)\)", str(error)):
            number = int(told[1])
        if number not in NO_ROOM or getattr(error, "filename", None) is not None:
            raise
        raise OSError(number, os.strerror(number), os.fspath(path)) from error


def follow_umask(path: Path, mode: int) -> None:
    """Lets others read what tempfile made private, as any other new file or folder.

    Args:
      path: the path of the file or folder.
      mode: before the umask takes its part.
    """
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)
