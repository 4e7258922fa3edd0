"""Where a command may write."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from jaxw2v.errors import InputError
from jaxw2v.run_folder import CHECKPOINTS, VECTORS, refuse_part_of_run


def check_out(out: Path, overwrite: bool, is_folder: bool = False) -> None:
    """Makes sure, before any work, that a result can be written.

    Args:
      out: the file or folder.
      overwrite: it may exist.
      is_folder: whether a folder is to be written.

    Raises:
      InputError: it exists, or is the other kind, or a run, or its parent does not exist.
    """
    try:
        os.stat(out)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError(
                f"{out}: is a link that leads to itself; choose another --out"
            ) from None
    if out.exists() and out.is_dir() != is_folder:
        here, needed = ("folder", "file") if out.is_dir() else ("file", "folder")
        raise InputError(f"{out}: is a {here}, not a {needed}; choose another --out")
    if out.exists() and not (out.is_dir() or out.is_file()):
        raise InputError(f"{out}: is a device or a pipe, not a file; choose another --out")
    if any((out / name).exists() for name in (VECTORS, CHECKPOINTS)):
        raise InputError(f"{out}: holds a run; choose another --out")
    refuse_part_of_run(out)
    if out.exists() and not overwrite:
        raise InputError(f"{out}: exists; choose another --out, or give --overwrite")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: its folder does not exist")
