"""The folder of a run: the names of what it holds, and whether they are ours."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from jaxw2v.errors import InputError
from jaxw2v.ownership import MARKER, has_foreign_marker, marked_as, refuse_foreign
from jaxw2v.tokenizer_names import stored_settings

VECTORS = "vectors.safetensors"
VOCABULARY = "vocabulary.tsv"
PHRASES = "phrases.tsv"
SETTINGS = "config.json"
METRICS = "metrics.jsonl"
CHECKPOINTS = "checkpoints"
KIND = "run"
"""What the marker of a run's folder says."""
FILES = (VECTORS, VOCABULARY, PHRASES, SETTINGS, METRICS)
NAMES = (*FILES, CHECKPOINTS)
# The files of a checkpoint of Orbax, whole or not yet renamed; what systems scatter.
_OF_ORBAX = re.compile(
    r"(_CHECKPOINT_METADATA|commit_success\.txt|(state|metrics|descriptor)(\.orbax[^/]*)?/"
    r"(_METADATA|_sharding|commit_success\.txt|metrics|descriptor\.pbtxt"
    r"|array_metadatas(\.orbax[^/]*)?/process_\d+"
    r"|(ocdbt\.process_\d+/)?(manifest\.ocdbt|d/[0-9a-f]{32})))(\.__lock)?"
)
_LITTER = re.compile(r"\.DS_Store|\.nfs.*")
_STEP = re.compile(r"\d+(\.damaged\d*)?")
_UNFINISHED = re.compile(r"\d+\.orbax-checkpoint-tmp.*")
# Some settings that the settings of every run have, and the tensors of its vectors.
_OUR_SETTINGS = {"embedding_dim", "subsample_formula", "tokenizer"}
OWN_ROWS = "own_embedding"
SUBWORD_TENSORS = (OWN_ROWS, "ngram_embedding", "ngram_buckets", "ngram_rows")
_OUR_TENSORS = {"__metadata__", "input_embedding", "output_embedding", *SUBWORD_TENSORS}


def is_run(folder: Path) -> bool:
    """Whether this program wrote a run there, one without a marker too.

    Args:
      folder: may be missing.

    Returns:
      Whether it can be told.
    """
    if marked_as(folder) == KIND:
        return True
    if has_foreign_marker(folder) or marked_as(folder) is not None:
        return False
    tensors, checkpoints = _safetensors_keys(folder / VECTORS), folder / CHECKPOINTS
    return (
        set(_json(folder / SETTINGS)) >= _OUR_SETTINGS
        or ("input_embedding" in tensors and tensors <= _OUR_TENSORS)
        or any(_is_our_checkpoint(checkpoints / str(step)) for step in steps_in(checkpoints))
    )


def has_checkpoints_only(folder: Path) -> bool:
    """Whether vectors are in the checkpoints of a run that has not written any yet.

    Args:
      folder: may be missing, or a file.

    Returns:
      Whether it is so.
    """
    return (folder / CHECKPOINTS).is_dir() and not (folder / VECTORS).exists()


def refuse_foreign_files(folder: Path) -> None:
    """Makes sure that a run there replaces and deletes nothing of somebody else's.

    Args:
      folder: may be missing.

    Raises:
      InputError: naming a file that is not known to be ours.
    """
    ours, checkpoints = is_run(folder), folder / CHECKPOINTS
    if not ours:
        refuse_foreign(folder, KIND, FILES)
    for path in (*(folder / name for name in (*NAMES, MARKER)), *_beside(checkpoints)):
        if path.is_symlink():
            raise InputError(f"{path}: is a link, and a run follows none; choose another --out")
        if path.is_dir() and path != checkpoints:
            raise InputError(f"{path}: is a folder; move it away, or choose another --out")
    if ours:
        _refuse_strangers(folder)
    if checkpoints.exists() and not checkpoints.is_dir():
        raise _not_ours(checkpoints)
    for path in checkpoints.iterdir() if checkpoints.is_dir() else ():
        if not ours or (_STEP.fullmatch(path.name) and not _is_step(path)):
            raise _not_ours(path)
        if _UNFINISHED.fullmatch(path.name) and (stranger := _stranger_in(path)):
            raise _not_ours(stranger)


def _beside(checkpoints: Path) -> list[Path]:
    """What stands beside checkpoints."""
    return [checkpoints / name for name in (VOCABULARY, PHRASES)]


def _refuse_strangers(folder: Path) -> None:
    """Without phrases no file of them is ours; without a marker each file has to show it."""
    settings, metrics = folder / SETTINGS, folder / METRICS
    passes = had_phrases(folder)
    is_marked = marked_as(folder) == KIND
    if (folder / PHRASES).exists() and not passes:
        raise _not_ours(folder / PHRASES)
    if is_marked:
        return
    if (folder / CHECKPOINTS / PHRASES).exists() and not passes:
        raise _not_ours(folder / CHECKPOINTS / PHRASES)
    if settings.exists() and not set(_json(settings)) >= _OUR_SETTINGS:
        raise _not_ours(settings)
    for path in (folder / VOCABULARY, folder / CHECKPOINTS / VOCABULARY):
        if path.exists() and not re.match(rb"[^\t\n]+\t\d+\n", path.read_bytes()[: 1 << 16]):
            raise _not_ours(path)
    if metrics.exists() and (first := metrics.read_bytes().partition(b"\n")[0]):
        record = None
        with contextlib.suppress(ValueError):
            record = json.loads(first)
        if not (isinstance(record, dict) and {"epoch", "raw_words"} <= set(record)):
            raise _not_ours(metrics)


def refuse_part_of_run(path: Path) -> None:
    """Makes sure that a file or folder is no part of a run, which it would damage.

    Args:
      path: what is to be written.

    Raises:
      InputError: it is one.
    """
    real = Path(os.path.realpath(path))
    if real.name in (*NAMES, MARKER) and is_run(real.parent):
        raise InputError(f"{path}: is a part of the run in its folder; choose another name")
    for parent in real.parents:
        if parent.name == CHECKPOINTS and is_run(parent.parent):
            raise InputError(f"{path}: is inside the checkpoints of a run; choose another name")


def had_phrases(folder: Path) -> bool:
    """Whether the settings there are of a run with phrases.

    Args:
      folder: the folder of the run.

    Returns:
      Whether they say so.
    """
    return bool(_json(folder / SETTINGS).get("phrase_passes"))


def remove_checkpoints(folder: Path) -> None:
    """Deletes the checkpoints of a run, and nothing else that may lie there.

    Args:
      folder: the folder of the checkpoints; may be missing.

    Raises:
      OSError: they cannot be deleted.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if _STEP.fullmatch(path.name) and _is_step(path):
            shutil.rmtree(path)
        elif path.name in (VOCABULARY, PHRASES):
            path.unlink()
    remove_unfinished(folder)
    with contextlib.suppress(OSError):
        folder.rmdir()


def remove_unfinished(folder: Path) -> None:
    """Deletes what a save of Orbax that failed has left.

    Args:
      folder: the folder of the checkpoints.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if _UNFINISHED.fullmatch(path.name) and not _stranger_in(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_step(path: Path) -> bool:
    """Whether a folder holds what Orbax writes for us, whole, damaged or gone, and nothing else."""
    if _stranger_in(path):
        return False
    metadata = _json(path / "_CHECKPOINT_METADATA")
    return not metadata or _is_our_checkpoint(path)


def _stranger_in(folder: Path) -> Path | None:
    """A file, or a link, that Orbax does not write into a checkpoint; or what is no folder."""
    if folder.is_symlink() or not folder.is_dir():
        return folder
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*files, *links):
            path = Path(parent, name)
            known = _OF_ORBAX.fullmatch(path.relative_to(folder).as_posix())
            if not known and not _LITTER.fullmatch(name):
                return path
    return None


def _is_our_checkpoint(path: Path) -> bool:
    about = _json(path / "_CHECKPOINT_METADATA").get("custom_metadata")
    return isinstance(about, dict) and about.get("program") == "jaxw2v"


def _json(path: Path) -> dict:
    """The object that a file holds; an empty one if it holds none."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _safetensors_keys(path: Path) -> set[str]:
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            return set(json.loads(file.read(min(length, 1 << 20))))
    except (OSError, ValueError, TypeError):
        return set()


def _not_ours(path: Path) -> InputError:
    return InputError(
        f"{path}: is not known to be a file of jaxw2v, and might be replaced or deleted; move it "
        "away, or choose another --out"
    )


def check_run_folder(folder: Path, overwrite: bool, resume: bool) -> None:
    """Makes sure that a run may be written to a folder.

    Args:
      folder: may be missing.
      overwrite: a run that it holds may be replaced.
      resume: a run that it holds is gone on with.

    Raises:
      InputError: it holds a run and neither is wanted, or something of somebody else's is in the
        way.
    """
    if overwrite and resume:
        raise InputError("resume goes on with a run and overwrite replaces it; give one of them")
    if os.path.lexists(folder) and not folder.is_dir():
        raise InputError(f"{folder}: is a file; --out needs a folder")
    refuse_part_of_run(folder)
    refuse_foreign_files(folder)
    holds = "vectors" if (folder / VECTORS).exists() else ""
    holds = "a run" if steps_in(folder / CHECKPOINTS) else holds
    if holds and not (overwrite or resume):
        raise InputError(
            f"{folder}: already holds {holds}; choose another --out, or give --resume or "
            "--overwrite"
        )


def steps_in(folder: Path) -> list[int]:
    """Steps of the checkpoints in a folder, the newest first.

    Args:
      folder: the folder of the checkpoints; may be missing.

    Returns:
      The steps, without those of which a process that was killed has deleted all but the folder.
    """
    paths = [path for path in folder.iterdir() if path.name.isdecimal()] if folder.is_dir() else []
    return sorted((int(path.name) for path in paths if not _is_empty(path)), reverse=True)


def remove_emptied(folder: Path) -> None:
    """Deletes, of the checkpoints in a folder, those that :func:`steps_in` leaves out."""
    for path in folder.iterdir():
        if path.name.isdecimal() and _is_empty(path):
            path.rmdir()


def _is_empty(path: Path) -> bool:
    try:
        return not any(path.iterdir())
    except OSError:
        return False


def read_settings(folder: Path) -> dict[str, Any]:
    """Reads the settings that stand beside vectors.

    Args:
      folder: the folder of the run.

    Returns:
      The settings, by today's names.

    Raises:
      InputError: the file cannot be read, or holds none.
    """
    path = folder / SETTINGS
    try:
        settings = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}; restore the file") from None
    if not isinstance(settings, dict):
        raise InputError(f"{path}: holds no settings; restore the file")
    return stored_settings(settings)
