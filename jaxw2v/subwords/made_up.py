"""Words that nobody wrote, where memory is forecast for a vocabulary that is not there yet."""

from __future__ import annotations

import numpy as np

LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", "S1")
SHORTEST, LONGEST = 4, 12


def made_up_words(size: int) -> list[str]:
    """Random letters, as long as English words; their n-grams are fewer of a kind than real ones.

    Args:
      size: how many words.

    Returns:
      The words; some may stand there twice.

    Example:
      >>> words = made_up_words(3)
      >>> words == made_up_words(3), all(4 <= len(word) <= 12 for word in words)
      (True, True)
    """
    draw = np.random.default_rng(0)
    letters = LETTERS[draw.integers(len(LETTERS), size=(size, LONGEST))]
    lengths = draw.integers(SHORTEST, LONGEST + 1, size)
    letters[np.arange(LONGEST) >= lengths[:, None]] = b""
    return [word.decode() for word in letters.view(f"S{LONGEST}")[:, 0]]
