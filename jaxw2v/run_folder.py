"""The folder of a run: the names of what it holds, and whether they are ours."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from jaxw2v.errors import InputError
from jaxw2v.ownership import MARKER, marked_as, refuse_foreign

VECTORS = "vectors.safetensors"
VOCABULARY = "vocabulary.tsv"
PHRASES = "phrases.tsv"
SETTINGS = "config.json"
METRICS = "metrics.jsonl"
CHECKPOINTS = "checkpoints"
KIND = "run"
"""What the marker of a run's folder says."""
_FILES = (VECTORS, VOCABULARY, PHRASES, SETTINGS, METRICS)
# What a checkpoint of Orbax holds, at its top.
_OF_ORBAX = {"_CHECKPOINT_METADATA", "commit_success.txt", "state", "metrics", "descriptor"}
_STEP = re.compile(r"\d+(\.damaged\d*)?")
_UNFINISHED = re.compile(r"\d+\.orbax-checkpoint-tmp.*")
# Some settings that the settings of every run have.
_OUR_SETTINGS = {"embedding_dim", "output_layer", "subsample_formula", "tokenizer"}


def is_run(folder: Path) -> bool:
    """Whether this program wrote a run there, one without a marker too.

    Args:
      folder: may be missing.

    Returns:
      Whether it can be told.
    """
    if marked_as(folder) == KIND:
        return True
    if (folder / MARKER).exists():
        return False
    steps = (folder / CHECKPOINTS).iterdir() if (folder / CHECKPOINTS).is_dir() else ()
    return (
        _json_keys(folder / SETTINGS) >= _OUR_SETTINGS
        or {"input_embedding"} <= _safetensors_keys(folder / VECTORS)
        or any(_is_our_checkpoint(path) for path in steps if path.name.isdecimal())
    )


def refuse_foreign_files(folder: Path) -> None:
    """Makes sure that a run there replaces and deletes nothing of somebody else's.

    Args:
      folder: may be missing.

    Raises:
      InputError: naming a file that is not known to be ours.
    """
    ours = is_run(folder)
    if not ours:
        refuse_foreign(folder, KIND, _FILES)
    for name in (*_FILES, MARKER):
        if (folder / name).is_dir():
            raise InputError(f"{folder / name}: is a folder; move it away, or choose another --out")
    if ours and marked_as(folder) is None:
        _refuse_strangers_beside_an_old_run(folder)
    checkpoints = folder / CHECKPOINTS
    if os.path.lexists(checkpoints) and not checkpoints.is_dir():
        raise _not_ours(checkpoints)
    for path in checkpoints.iterdir() if checkpoints.is_dir() else ():
        if not ours or (_STEP.fullmatch(path.name) and not _is_step(path)):
            raise _not_ours(path)


def _refuse_strangers_beside_an_old_run(folder: Path) -> None:
    """Without a marker each file has to show that it is of a run."""
    settings, metrics = folder / SETTINGS, folder / METRICS
    if settings.exists() and not _json_keys(settings) >= _OUR_SETTINGS:
        raise _not_ours(settings)
    if metrics.exists():
        first = metrics.read_bytes().partition(b"\n")[0]
        with contextlib.suppress(ValueError):
            if {"epoch", "raw_words"} <= set(json.loads(first)):
                return
        raise _not_ours(metrics)


def remove_checkpoints(folder: Path) -> None:
    """Deletes the checkpoints of a run, and nothing else that may lie there.

    Args:
      folder: of the checkpoints; may be missing.

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
      folder: of the checkpoints.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if _UNFINISHED.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _is_step(path: Path) -> bool:
    """Whether a folder holds what Orbax writes, and nothing else."""
    return path.is_dir() and not path.is_symlink() and set(os.listdir(path)) <= _OF_ORBAX


def _is_our_checkpoint(path: Path) -> bool:
    try:
        metadata = json.loads((path / "_CHECKPOINT_METADATA").read_text("utf-8"))
        return metadata["custom_metadata"]["program"] == "jaxw2v"
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _json_keys(path: Path) -> set[str]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    return set(content) if isinstance(content, dict) else set()


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
    refuse_foreign_files(folder)
    holds = "vectors" if (folder / VECTORS).exists() else ""
    holds = "a run" if any(_steps(folder / CHECKPOINTS)) else holds
    if holds and not (overwrite or resume):
        raise InputError(
            f"{folder}: already holds {holds}; choose another --out, --resume or --overwrite"
        )


def _steps(checkpoints: Path) -> Iterator[Path]:
    for path in checkpoints.iterdir() if checkpoints.is_dir() else ():
        if path.name.isdecimal():
            yield path
