"""What the name of a tokenizer means, today and in files of earlier versions.

A name with a number never changes its meaning.
"""

from __future__ import annotations

from typing import Any

LATEST_WORDS = "words-2"
"""What ``words`` is today."""


def numbered(name: str) -> str:
    """The name that is stored.

    Args:
      name: a tokenizer, as the user gave it.

    Returns:
      The name, with its number.
    """
    return LATEST_WORDS if name == "words" else name


def stored_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings that a file holds, by today's names.

    Args:
      settings: as they were stored, by this version or an earlier one.

    Returns:
      The settings: before tokenizers had numbers, ``words`` was ``words-1``.

    Example:
      >>> stored_settings({"tokenizer": "words", "min_count": 5})
      {'tokenizer': 'words-1', 'min_count': 5}
    """
    if settings.get("tokenizer") != "words":
        return settings
    return settings | {"tokenizer": "words-1"}
