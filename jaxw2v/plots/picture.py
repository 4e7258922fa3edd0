"""Words in the plane as a picture."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.plots.labels import add_labels
from jaxw2v.plots.projection import Projection

INCHES, DOTS_PER_INCH = (12.0, 9.0), 110
# Fonts for letters that the first one lacks, taken where they are installed.
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Arial Unicode MS",
    "Unifont",
)
BLUE = "#0072B2"


def draw_words(projection: Projection, path: str | Path, title: str) -> int:
    """Draws words with labels that do not overlap.

    Args:
      projection: the words and their places.
      path: the PNG file, renamed when complete.
      title: above the picture.

    Returns:
      How many words have a label; there was no room for the others.
    """
    with _fonts():
        figure = Figure(INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
        x, y = projection.places.T
        ax.scatter(x, y, s=9, color=BLUE, linewidths=0)
        ax.set(xlabel=projection.axes[0], ylabel=projection.axes[1])
        ax.margins(0.06)
        ax.set_title(title, parse_math=False)
        figure.draw_without_rendering()
        size = 9 if len(projection.words) <= 100 else 7
        labels = add_labels(ax, projection.places, projection.words, size)
        if len(labels) < len(projection.words):
            title = f"{title}; {len(labels)} of {len(projection.words)} have room for a label"
            ax.set_title(title, parse_math=False)
        figure.set_layout_engine("none")
        with renamed_when_complete(path) as temporary:
            figure.savefig(temporary, format="png")
    return len(labels)


@contextmanager
def _fonts() -> Iterator[None]:
    """Takes letters from all fonts that are there, and says once if some have none."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    family = [font for font in FONTS if font in installed]
    with (
        matplotlib.rc_context({"font.family": family}),
        warnings.catch_warnings(record=True) as said,
    ):
        warnings.simplefilter("always")
        yield
    missing = {str(w.message) for w in said if "Glyph" in str(w.message)}
    for other in (w for w in said if "Glyph" not in str(w.message)):
        warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    if missing:
        warnings.warn(
            f"no installed font has {len(missing)} of the letters; install one, such as Noto Sans",
            RuntimeWarning,
            stacklevel=3,
        )
