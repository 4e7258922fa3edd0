"""Labels of a picture."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from jaxw2v.plots.labels import add_labels


def boxes(ax, labels):
    renderer = ax.figure.canvas.get_renderer()
    return [Text.get_window_extent(label, renderer) for label in labels]


@pytest.mark.slow
@pytest.mark.parametrize("crowded", [1.0, 0.1])
def test_labels_cover_neither_one_another_nor_other_points(crowded):
    rng = np.random.default_rng(0)
    places = rng.normal(size=(120, 2)) * [1, crowded]
    words = ["".join(rng.choice(list("abcdefgh"), rng.integers(1, 14))) for _ in places]
    figure = Figure((6, 4), dpi=100)
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    ax.scatter(*places.T)
    ax.set_ylim(-3, 3)
    figure.draw_without_rendering()
    labels = add_labels(ax, places, words, 7)
    assert 30 < len(labels) <= 120
    found = boxes(ax, labels)
    for one, other in itertools.combinations(found, 2):
        assert not one.overlaps(other)
    dots = ax.transData.transform(places)
    for label, box in zip(labels, found, strict=True):
        own = ax.transData.transform(label.xy)
        others = dots[np.abs(dots - own).max(1) > 1e-6]
        assert not any(box.contains(*dot) for dot in others)
        assert ax.get_window_extent().containsx(box.x0)
        assert ax.get_window_extent().containsx(box.x1)
    # The first words had the first choice.
    assert labels[0].get_text() == words[0]
