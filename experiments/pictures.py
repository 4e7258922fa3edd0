"""Figures of experiments: one look, one way of saving them."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from jaxw2v import InputError

# Okabe and Ito's, which the colour-blind can tell apart; each comes with a marker of its own.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
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
    figure.savefig(path, format="png")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(f"{path}: {size} bytes; draw it with less than {LARGEST_FILE}")
