"""Where a word's row lies in a table: the same on any number of devices, frequent words spread.

Words are dealt to ``CLASSES`` classes by the lowest bits of their ids, and the classes laid one
after another in bit-reversed order. Whatever power of two, up to ``CLASSES``, the table is then cut
into, piece d holds the words whose id has one remainder: the head of Zipf's law is shared out
evenly, and no row moves when the number of devices changes.
"""

from __future__ import annotations

from typing import TypeVar

import jax
import numpy as np

CLASSES = 256

Integers = TypeVar("Integers", int, np.ndarray, jax.Array)


def num_rows(vocabulary_size: int) -> int:
    """Rows of a table, those that no word owns counted.

    Args:
      vocabulary_size: V, words.

    Returns:
      The next multiple of ``CLASSES``.

    Example:
      >>> num_rows(1_000)
      1024
    """
    return -(-vocabulary_size // CLASSES) * CLASSES


def storage_row(ids: Integers, vocabulary_size: int) -> Integers:
    r"""The row of a word.

    .. math:: \text{row} = \text{reversed}(v \bmod 2^k) \cdot R / 2^k + \lfloor v / 2^k \rfloor

    with R rows in :math:`2^k = 256` classes.

    Args:
      ids: integers from 0 to V - 1.
      vocabulary_size: V, words.

    Returns:
      Rows, from 0 to :func:`num_rows` - 1.

    Example:
      >>> [storage_row(v, 512) for v in (0, 1, 2, 3, 256)]
      [0, 256, 128, 384, 1]
    """
    return _reversed(ids % CLASSES) * (num_rows(vocabulary_size) // CLASSES) + ids // CLASSES


def word_of_row(rows: Integers, vocabulary_size: int) -> Integers:
    """The word of a row: the inverse of :func:`storage_row`.

    Args:
      rows: integers from 0 to :func:`num_rows` - 1.
      vocabulary_size: V, words.

    Returns:
      Ids; V or more for rows that no word owns.

    Example:
      >>> [word_of_row(row, 512) for row in (0, 256, 128, 384, 1)]
      [0, 1, 2, 3, 256]
    """
    in_class = num_rows(vocabulary_size) // CLASSES
    return rows % in_class * CLASSES + _reversed(rows // in_class)


def _reversed(byte: Integers) -> Integers:
    """The bits of a number below 256 in reverse."""
    byte = ((byte & 0x55) << 1) | ((byte >> 1) & 0x55)
    byte = ((byte & 0x33) << 2) | ((byte >> 2) & 0x33)
    return ((byte & 0x0F) << 4) | (byte >> 4)
