"""The folder of a token stream that a user keeps: what in it is ours, and of which text it is."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

from jaxw2v.atomic import UNFINISHED, renamed_when_complete
from jaxw2v.corpus.parts import PARTS
from jaxw2v.corpus.token_stream import META, shard_files
from jaxw2v.errors import InputError
from jaxw2v.ownership import MARKER, marked_as
from jaxw2v.run_folder import PHRASES, VOCABULARY

KIND = "token stream"
"""What the marker of such a folder says."""
WORK = "encoding.json"
"""Of which text and settings the folder is."""
NAMES = (WORK, META, VOCABULARY, PHRASES, PARTS)
_OURS = re.compile(
    rf"shard-\d{{5,}}\.(ids|ends)|{re.escape(META)}|{re.escape(PHRASES)}|{re.escape(VOCABULARY)}"
)
_OUR_PARTS = re.compile(r"\d{5,}\.\d+\.(codes|ends|words|counted|joined|mapped)|phrases-\d+\.tsv")
# What a killed process leaves of a file that is renamed when it is complete.
_UNFINISHED = re.compile(rf"\.(.+)\.[a-z0-9_]{{8}}{re.escape(UNFINISHED)}")


def key_of(folder: Path) -> str | None:
    """Of which text and settings a folder is.

    Args:
      folder: may be missing.

    Returns:
      The key that :func:`begin` wrote; ``None`` if the folder is no token stream of ours.
    """
    try:
        work = json.loads((folder / WORK).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(work, dict) or not re.fullmatch("[0-9a-f]{32}", str(work.get("key"))):
        return None
    # Folders of before there were markers have none.
    is_ours = marked_as(folder) == KIND or not (folder / MARKER).exists()
    return work["key"] if is_ours else None


def check(folder: Path, key: str, overwrite: bool) -> bool:
    """Makes sure that a token stream may be written to a folder.

    Args:
      folder: may be missing.
      key: the key of the text and the settings.
      overwrite: a stream of other text or settings may be replaced.

    Returns:
      Whether the folder holds that very stream, complete.

    Raises:
      InputError: it holds another stream, or files that are not ours.
    """
    there = key_of(folder)
    if there == key:
        return (folder / META).exists()
    if there is not None and not overwrite:
        raise InputError(
            f"{folder}: holds a token stream of other text or settings; choose another --out or "
            "--overwrite"
        )
    if there is not None:
        _refuse_strangers(folder)
    is_new = there is None and folder.is_dir()
    for path in folder.iterdir() if is_new else ():
        is_own_marker = path.name == MARKER and marked_as(folder) == KIND
        if not (is_own_marker or path.name.startswith(".")):
            raise InputError(f"{path}: is not known to be a file of jaxw2v; choose another --out")
    return False


def _refuse_strangers(folder: Path) -> None:
    """A stream that is complete says which files are its own."""
    try:
        meta = json.loads((folder / META).read_text("utf-8"))
        ours = {META, VOCABULARY}
        if meta["settings"]["phrase_passes"] > 0:
            ours.add(PHRASES)
        for shard in meta["shards"]:
            ours |= {path.name for path in shard_files(folder, shard["number"])}
    except FileNotFoundError:
        return
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise InputError(
            f"{folder / META}: is damaged; restore it, or choose another --out"
        ) from None
    strangers = [
        path
        for path in folder.iterdir()
        # Shards without a token are not listed.
        if path.name not in ours and _OURS.fullmatch(path.name) and path.stat().st_size
    ]
    parts = folder / PARTS
    if parts.is_dir():
        strangers += [path for path in parts.iterdir() if _OUR_PARTS.fullmatch(path.name)]
    if strangers:
        path = min(strangers)
        raise InputError(
            f"{path}: is not known to be a file of jaxw2v, and would be deleted; move it away, or "
            "choose another --out"
        )


def begin(folder: Path, key: str) -> None:
    """Makes a folder ready for a stream, or for the rest of one.

    Args:
      folder: a folder that :func:`check` found to be ours, or empty.
      key: the key of the text and the settings.
    """
    if key_of(folder) not in (None, key):
        _remove(folder, _OURS)
        _remove(folder / PARTS, _OUR_PARTS)
    remove_leftovers(folder)
    with renamed_when_complete(folder / WORK) as path:
        path.write_text(json.dumps({"key": key}) + "\n")


def give_up(folder: Path) -> None:
    """Removes what was begun and cannot be finished.

    Args:
      folder: the folder of the stream.
    """
    remove_leftovers(folder)
    remove_parts(folder)
    _remove(folder, _OURS)
    (folder / WORK).unlink()


def remove_leftovers(folder: Path) -> None:
    """Removes what a killed process may have left beside its work.

    Args:
      folder: the folder of the stream.
    """
    for path in folder.iterdir():
        unfinished = _UNFINISHED.fullmatch(path.name)
        if unfinished and (_OURS.fullmatch(unfinished[1]) or unfinished[1] == WORK):
            path.unlink()


def remove_parts(folder: Path) -> None:
    """Removes what shards were made from, and nothing else that may lie there.

    Args:
      folder: the folder of the stream.
    """
    _remove(folder / PARTS, _OUR_PARTS)


def _remove(folder: Path, names: re.Pattern) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        unfinished = _UNFINISHED.fullmatch(path.name)
        if names.fullmatch(unfinished[1] if unfinished else path.name) and path.is_file():
            path.unlink()
    with contextlib.suppress(OSError):
        if folder.name == PARTS:
            folder.rmdir()
