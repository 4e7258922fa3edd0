"""Pipes, which can be read once only, become files, which can be read again."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from jaxw2v.errors import InputError

STDIN = "-"


@contextlib.contextmanager
def spooled(paths: Sequence[str], cache: Path) -> Iterator[tuple[str, ...]]:
    """Copies what comes through pipes to files.

    Args:
      paths: paths of any kind; ``-`` is standard input.
      cache: the folder that holds the copies until the context ends.

    Yields:
      The paths, with those of the copies for pipes. An error names the pipe.

    Raises:
      InputError: nothing comes through a pipe, or a path is a device.
    """
    pipes = [path for path in paths if _is_pipe(path)]
    if not pipes:
        yield tuple(paths)
        return
    (cache / "spool").mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(dir=cache / "spool")
    try:
        copies: dict[str, str] = {}
        for pipe in pipes:
            if pipe in copies:
                raise InputError(f"{pipe}: named twice; a pipe can be read once only")
            copies[pipe] = _copy(pipe, Path(folder, str(len(copies))))
        try:
            yield tuple(copies.get(path, path) for path in paths)
        except InputError as error:
            message = str(error)
            for pipe, copy in copies.items():
                message = message.replace(copy, pipe)
            raise InputError(message) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_pipe(path: str) -> bool:
    if path == STDIN:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not _is_terminal(path)):
        raise InputError(f"{path}: is a device, not a file")
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _is_terminal(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.isatty()
    except OSError:
        return False


def _copy(pipe: str, folder: Path) -> str:
    source = _open(pipe)
    folder.mkdir()
    # The name of a pipe may say what comes through it.
    copy = folder / (Path(pipe).name if Path(pipe).suffix else "pipe")
    try:
        with source, open(copy, "wb") as out:
            shutil.copyfileobj(source, out)
    except OSError as error:
        raise InputError(
            f"{pipe}: cannot be copied to {folder}: {error.strerror}; $JAXW2V_CACHE names "
            "another folder"
        ) from None
    if copy.stat().st_size == 0:
        raise InputError(f"{pipe}: nothing came through it; a pipe can be read once only")
    return str(copy)


def _open(pipe: str) -> BinaryIO:
    try:
        return open(0, "rb", closefd=False) if pipe == STDIN else open(pipe, "rb")
    except OSError as error:
        raise InputError(f"{pipe}: cannot be opened: {error.strerror}") from None
