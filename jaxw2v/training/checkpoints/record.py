"""The record of a checkpoint: JSON, sealed with a digest, beside the arrays."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jax

from jaxw2v.errors import InputError
from jaxw2v.tokenizer_names import stored_settings

FORMAT = 1
Record = dict[str, Any]
Arrays = dict[str, jax.Array]


class Damaged(Exception):
    """A checkpoint cannot be used; the message says why."""


def seal(record: Record) -> Record:
    """Makes what Orbax stores beside the arrays.

    Args:
      record: the record, for JSON.

    Returns:
      Its JSON and the digest of that.
    """
    content = json.dumps(record | {"format": FORMAT})
    return {"program": "jaxw2v", "content": content, "sha256": _digest(content)}


def unseal(sealed: object, path: Path) -> Record:
    """Undoes :func:`seal`.

    Args:
      sealed: what Orbax found beside the arrays.
      path: the checkpoint, for the message.

    Returns:
      The record, settings by today's names.

    Raises:
      Damaged: it is damaged, or of another program.
      InputError: it is of another version of this program.
    """
    if not isinstance(sealed, dict) or sealed.get("program") != "jaxw2v":
        raise Damaged("it is damaged, or of another program")
    if _digest(str(sealed.get("content"))) != sealed.get("sha256"):
        raise Damaged("its record is damaged")
    record = json.loads(sealed["content"])
    if record["format"] != FORMAT:
        raise InputError(
            f"{path}: is of format {record['format']}, and this version of jaxw2v reads format "
            f"{FORMAT}; use the version that wrote it"
        )
    return record | {"facts": stored_settings(record["facts"])}


def first_line(error: Exception) -> str:
    """What to say of an error of Orbax, whose text may be pages.

    Args:
      error: the error.

    Returns:
      A line.
    """
    if "No space left on device" in str(error):
        return "no space left on device"
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return line.partition(". See full TensorStore details")[0][:200]


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
