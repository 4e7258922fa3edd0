"""How arrays are indexed by numbers that are never negative: XLA then need not look."""

from __future__ import annotations

from typing import Any

IN_BOUNDS: dict[str, Any] = {"mode": "promise_in_bounds", "wrap_negative_indices": False}
CLIP: dict[str, Any] = {"mode": "clip", "wrap_negative_indices": False}
DROP: dict[str, Any] = {"mode": "drop", "wrap_negative_indices": False}
ZERO: dict[str, Any] = {"mode": "fill", "fill_value": 0, "wrap_negative_indices": False}
