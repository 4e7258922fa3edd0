"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Makes a table.

    Args:
      header: a title for each column.
      rows: a cell for each column, shown by ``str``; a shorter row ends in empty cells.

    Returns:
      Markdown.
    """
    lines = [header, ["---"] * len(header)]
    lines += [[str(cell) for cell in row] + [""] * (len(header) - len(row)) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
