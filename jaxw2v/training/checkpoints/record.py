"""What a checkpoint says of itself: JSON with a digest, beside the arrays."""

from __future__ import annotations

import hashlib
from typing import Any

import jax

FORMAT = 1


Record = dict[str, Any]


Arrays = dict[str, jax.Array]


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def first_line(error: Exception) -> str:
    if "No space left on device" in str(error):
        return "no space left on device"
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return line.partition(". See full TensorStore details")[0][:200]
