"""Whose folder it is: only what is ours is replaced or deleted, by one process at a time.

A folder into which this program writes holds a marker, ``jaxw2v.json``. In a marked folder the
names that we write are ours; everything else is somebody's, and stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.errors import InputError

MARKER = "jaxw2v.json"
FORMAT = 1


def marked_as(folder: Path) -> str | None:
    """What the marker of a folder says that it is.

    Args:
      folder: may be missing.

    Returns:
      Such as ``run``; ``None`` without a marker of ours.

    Raises:
      InputError: a newer version wrote it.
    """
    marker = _read(folder)
    if marker is None:
        return None
    if marker.get("format") != FORMAT:
        raise InputError(
            f"{folder / MARKER}: is of format {marker.get('format')}, and this version of jaxw2v "
            f"knows format {FORMAT}; use the version that wrote it"
        )
    return marker.get("kind")


def _read(folder: Path) -> dict | None:
    try:
        marker = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    ours = isinstance(marker, dict) and marker.get("program") == "jaxw2v"
    return marker if ours else None


def has_foreign_marker(folder: Path) -> bool:
    """Whether a file of the marker's name is somebody else's; an empty one is of a crash of ours.

    Args:
      folder: may be missing.

    Returns:
      Whether it is.
    """
    marker = folder / MARKER
    if not os.path.lexists(marker) or _read(folder) is not None:
        return False
    return not marker.is_file() or marker.stat().st_size > 0


def refuse_foreign(folder: Path, kind: str, names: Iterable[str]) -> None:
    """Makes sure that what is to be written there replaces nothing of somebody else's.

    Args:
      folder: may be missing.
      kind: what is to be written there, such as ``run``.
      names: the names of the files.

    Raises:
      InputError: one of the names is there, and the folder is not marked as this kind of ours.
    """
    other = marked_as(folder)
    if other == kind:
        return
    if other is not None:
        raise InputError(
            f"{folder}: is a {other} of jaxw2v, and a {kind} would be written into it; choose "
            "another --out"
        )
    there = [name for name in names if os.path.lexists(folder / name)]
    if has_foreign_marker(folder):
        there.insert(0, MARKER)
    if there:
        raise InputError(
            f"{folder / there[0]}: is not known to be a file of jaxw2v, and would be replaced; "
            "move it away, or choose another --out"
        )


@contextlib.contextmanager
def held(folder: Path, kind: str, names: Iterable[str]) -> Iterator[None]:
    """Marks a folder as ours and keeps other processes out of it.

    The lock goes with the process that holds it. Where nothing was written the marker is removed
    again, and the folder if it was made here.

    Args:
      folder: made if missing.
      kind: what is written there.
      names: the names of what is written there.

    Yields:
      While the folder is held.

    Raises:
      InputError: another process holds it.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise InputError(f"{folder}: is a file, and a folder is needed; choose another name")
    made = [path for path in (folder, *folder.absolute().parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if has_foreign_marker(folder):
            raise InputError(
                f"{folder / MARKER}: is not known to be a file of jaxw2v; choose another --out"
            )
        was_marked = marked_as(folder) is not None
        marker = {"program": "jaxw2v", "kind": kind, "format": FORMAT}
        writer = {"process": os.getpid(), "host": socket.gethostname()}
        with renamed_when_complete(folder / MARKER) as path:
            path.write_text(json.dumps(marker | {"last_writer": writer}) + "\n", "utf-8")
        try:
            yield
        finally:
            if not was_marked and not any(os.path.lexists(folder / name) for name in names):
                (folder / MARKER).unlink()
                for path in made:
                    with contextlib.suppress(OSError):
                        path.rmdir()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder, where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            writer = (_read(folder) or {}).get("last_writer", {})
            who = "another process"
            if writer:
                who = f"process {writer.get('process')} on {writer.get('host')}"
            raise InputError(
                f"{folder}: {who} is writing there; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            warnings.warn(
                f"{folder}: cannot be locked here ({error.strerror}); take care that no other run "
                "writes there",
                RuntimeWarning,
                stacklevel=3,
            )
        yield
    finally:
        # A child that was forked meanwhile has the handle too.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def refuse_held(folder: Path) -> None:
    """Makes sure that no other process holds a folder now.

    Args:
      folder: may be missing.

    Raises:
      InputError: one does.
    """
    if folder.is_dir():
        with _locked(folder):
            pass
