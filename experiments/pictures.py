"""Figures of experiments: one look, one way of saving them."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from jaxw2v import InputError
from jaxw2v.plots import COLOURS

# One for each colour.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LARGEST_FILE = 150_000
"""What a picture may take in the repository (bytes)."""


def panels(columns: int, rows: int = 1, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """Makes a figure of panels side by side.

    Args:
      columns: panels in a row.
      rows: rows of panels.
      height: of a row (inches).

    Returns:
      The figure, and its panels row by row.
    """
    figure = Figure((max(4.6 * columns, 6.4), height * rows), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in axes:
        ax.grid(alpha=0.3)
    return figure, axes


def look(number: int) -> dict[str, object]:
    """Colour and marker of a line.

    Args:
      number: of the line, from 0.

    Returns:
      Keywords for matplotlib's ``plot`` and ``errorbar``.
    """
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 5,
    }


def save(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG.

    Args:
      figure: the figure.
      path: the file.

    Raises:
      InputError: it is larger than the repository takes.
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    size = len(picture.getvalue())
    if size > LARGEST_FILE:
        raise InputError(f"{path}: {size} bytes; draw it with less than {LARGEST_FILE}")
    path.write_bytes(picture.getvalue())
