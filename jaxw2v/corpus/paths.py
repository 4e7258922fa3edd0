"""From what the user names to the files of a corpus, each once."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Sequence

from jaxw2v.corpus.kinds import BY_ENDING, ending
from jaxw2v.errors import InputError


def is_remote(path: str) -> bool:
    """Whether the path is an address such as ``hf://`` or ``s3://``, which polars opens."""
    return "://" in path


def expand_paths(paths: Sequence[str | os.PathLike]) -> list[str]:
    """Expands globs and checks that every input is a file.

    A file that is named again, or that a glob matches again, is left out with a warning. A path
    that exists is no glob, and neither is the part of a glob that is a folder.

    Args:
      paths: paths, globs (``**`` too), or addresses of tables that polars can scan.

    Returns:
      Paths in the order given, those of a glob sorted.

    Raises:
      InputError: a path does not exist, is a directory, or a glob matches nothing.

    Example:
      >>> expand_paths(["no-such-file.txt"])
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: no-such-file.txt: no such file
    """
    found: dict[str, str] = {}
    again = []
    for path in paths:
        for file in _files_of(os.fspath(path)):
            real = file if is_remote(file) else os.path.realpath(file)
            if real in found:
                again.append(file)
            found.setdefault(real, file)
    if again:
        names = ", ".join(list(dict.fromkeys(again))[:3])
        warnings.warn(
            f"{names}{', ...' if len(set(again)) > 3 else ''}: named or matched more than once; "
            "every file is read once",
            stacklevel=2,
        )
    return list(found.values())


def _files_of(path: str) -> list[str]:
    if is_remote(path):
        if os.path.splitext(path)[1].lower() not in BY_ENDING:
            compressed = ending(path) in BY_ENDING
            raise InputError(
                f"{path}: a compressed table can be read from a disk only; download it"
                if compressed
                else f"{path}: an address must end in {', '.join(BY_ENDING)}"
            )
        return [path]
    if os.path.isdir(path):
        raise InputError(f"{path}: is a directory; name its files, such as '{path}/*.txt'")
    if os.path.exists(path):
        return [path]
    matches = sorted(p for p in glob.glob(_pattern(path), recursive=True) if os.path.isfile(p))
    if not matches:
        raise InputError(f"{path}: no such file")
    return matches


def _pattern(path: str) -> str:
    folder = os.path.dirname(path)
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return glob.escape(folder) + path[len(folder) :]
