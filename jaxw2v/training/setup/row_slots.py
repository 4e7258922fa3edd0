"""How many slots the rows that a step touches may need, or whether it sweeps the whole table."""

from __future__ import annotations


def capacity(num_ids: int, num_rows: int, rows_per_pass: int) -> int:
    """Slots that always suffice, a multiple of the rows of a pass.

    Args:
      num_ids: ids in a step.
      num_rows: rows of the table on a device.
      rows_per_pass: rows handled at once.

    Returns:
      The number of slots.

    Example:
      >>> capacity(5_000, 3_000, 2_048)
      4096
    """
    most = min(num_ids, num_rows)
    return -(-most // min(rows_per_pass, most)) * min(rows_per_pass, most)


def is_swept(num_ids: int, num_rows: int, rows_per_pass: int) -> bool:
    """Whether going over the whole table costs no more than finding the rows that move.

    For a touched row, sums of gradients are zeroed, added to and read, and the row and its moments
    gathered and scattered; a sweep reads and writes every row in place, half of that traffic.

    Args:
      num_ids: ids in a step.
      num_rows: rows of the table on a device.
      rows_per_pass: rows handled at once; a sweep handles all of them.

    Returns:
      The choice.

    Example:
      >>> is_swept(50, 100, 1_000), is_swept(50, 101, 1_000), is_swept(50, 100, 10)
      (True, False, False)
    """
    return rows_per_pass >= num_rows and 2 * num_ids >= num_rows
