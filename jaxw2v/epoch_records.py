"""Reads what a run wrote down of its epochs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from jaxw2v.errors import InputError
from jaxw2v.ownership import marked_as
from jaxw2v.run_folder import METRICS

_WHOLE = ("epoch", "steps", "raw_words")
_FIGURES = ("loss", "validation_loss", "words_per_second", "seconds", "learning_rate")


def read_epochs(folder: Path) -> list[dict[str, Any]]:
    """Reads the records of a run; one that cannot be used is left out, with a warning.

    Args:
      folder: its folder.

    Returns:
      A record for each epoch; none if there is no such file, or no folder.

    Raises:
      InputError: the file cannot be read, or a newer version wrote the folder.
    """
    marked_as(folder)
    path, records = folder / METRICS, []
    try:
        lines = path.read_bytes().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; restore the file") from None
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if _is_record(record):
            records.append(record)
        else:
            warnings.warn(
                f"{path}:{number}: is no record of an epoch, and is left out",
                RuntimeWarning,
                stacklevel=2,
            )
    return records


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and record.get("epoch") is not None
        and all(type(record.get(name)) in (int, type(None)) for name in _WHOLE)
        and all(type(record.get(name)) in (int, float, type(None)) for name in _FIGURES)
        and _are_neighbors(record.get("neighbors", {}))
    )


def _are_neighbors(found: Any) -> bool:
    return isinstance(found, dict) and all(
        isinstance(words, list) and all(isinstance(word, str) for word in words)
        for words in found.values()
    )
