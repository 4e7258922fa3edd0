"""What every part of the experiment is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Keep = Callable[[dict], None]
"""Writes what a part has found so far, in case that it does not end."""


class Settings(NamedTuple):
    """Settings of a part.

    Attributes:
      corpus: text file, plain or .xz; ``None`` where there is none.
      eval_dir: folder of the word sets.
      tokens: of the synthetic corpus (words).
      smoke: small sizes.
    """

    corpus: str | None
    eval_dir: str | None
    tokens: int
    smoke: bool
