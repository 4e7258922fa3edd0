"""Labels beside points, none over another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation, Text

# Distances from the point at which a label is tried (points), and directions (eighths of a turn).
DISTANCES = (4.0, 9.0, 16.0, 26.0)
DIRECTIONS = (0, 2, 6, 4, 1, 7, 3, 5)
LINE_FROM = 10.0
LINE = {"arrowstyle": "-", "lw": 0.4, "color": "0.6", "shrinkA": 0, "shrinkB": 1}


def add_labels(ax: Axes, places: np.ndarray, words: Sequence[str], size: float) -> list[Annotation]:
    """Writes each word beside its point, where there is room.

    Args:
      ax: with the points drawn and limits set, on a canvas of Agg.
      places: float [n, 2], in data coordinates.
      words: n of them; those first have the first choice.
      size: the size of the letters (points).

    Returns:
      The labels; words for which there was no room have none.
    """
    canvas = ax.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()
    frame = np.array(ax.get_window_extent(renderer).extents)
    dots = ax.transData.transform(places)
    radius = 2.0 * ax.figure.dpi / 72
    taken = np.concatenate([dots - radius, dots + radius], axis=1)
    labels = []
    for i, word in enumerate(words):
        others = np.delete(taken, i, axis=0)
        for offset, across, up in _positions():
            label = ax.annotate(
                word,
                places[i],
                offset,
                textcoords="offset points",
                ha=across,
                va=up,
                fontsize=size,
                parse_math=False,
                arrowprops=LINE if np.hypot(*offset) >= LINE_FROM else None,
            )
            box = _text_box(label, renderer)
            inside = (box[:2] >= frame[:2]).all() and (box[2:] <= frame[2:]).all()
            if inside and not _overlaps(box, others).any():
                taken = np.concatenate([taken, box[None]])
                labels.append(label)
                break
            label.remove()
    return labels


def _positions() -> Iterator[tuple[tuple[float, float], str, str]]:
    """Offsets from the point, with the alignment of the letters."""
    for distance, eighth in itertools.product(DISTANCES, DIRECTIONS):
        angle = eighth * np.pi / 4
        across, up = np.round([np.cos(angle), np.sin(angle)], 6)
        horizontal = "center" if across == 0 else "left" if across > 0 else "right"
        vertical = "center" if up == 0 else "bottom" if up > 0 else "top"
        yield (distance * across, distance * up), horizontal, vertical


def _text_box(label: Annotation, renderer) -> np.ndarray:
    # Of the letters alone, without the line to the point.
    label.update_positions(renderer)
    return np.array(Text.get_window_extent(label, renderer).padded(1.5).extents)


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.all(box[:2] < others[:, 2:], axis=1) & np.all(box[2:] > others[:, :2], axis=1)
