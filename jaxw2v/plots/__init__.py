"""Pictures: words in the plane, as PNG and as an interactive page, and loss curves.

They need ``pip install "jaxw2v[viz]"``.
"""

from jaxw2v.plots.curves import COLOURS, draw_curves
from jaxw2v.plots.page import write_page
from jaxw2v.plots.picture import draw_words
from jaxw2v.plots.projection import METHODS, Projection, choose_words, project

__all__ = [
    "COLOURS",
    "METHODS",
    "Projection",
    "choose_words",
    "draw_curves",
    "draw_words",
    "project",
    "write_page",
]
