"""Files that appear only when they are complete."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jaxw2v.errors import InputError

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
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is no plain file and is not replaced; choose another --out")
    handle, name = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp's files are private; a result is as readable as any other new file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
