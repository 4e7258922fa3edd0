"""Loss curves of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.epoch_records import read_epochs
from jaxw2v.errors import InputError
from jaxw2v.run_folder import METRICS

# Okabe and Ito's, which the colour-blind can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = {"loss": "solid", "validation_loss": "dashed"}


def draw_curves(folders: Sequence[str | Path], path: str | Path) -> None:
    """Draws the loss of each epoch.

    Args:
      folders: the folders of runs.
      path: the PNG file, renamed when complete.

    Raises:
      InputError: a folder has no metrics.
    """
    runs = {str(folder): read_epochs(Path(folder)) for folder in folders}
    for name, records in runs.items():
        if not records:
            raise InputError(
                f"{Path(name) / METRICS}: no epoch is recorded there; give folders that jaxw2v "
                "train wrote"
            )
    figure = Figure((8, 5), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    for number, (name, records) in enumerate(runs.items()):
        for key, line in LINES.items():
            points = [(r["epoch"], r[key]) for r in records if r.get(key) is not None]
            if points:
                label = f"{key.replace('_', ' ')}, {name}"
                colour = COLOURS[number % len(COLOURS)]
                (drawn,) = ax.plot(*zip(*points, strict=True), marker="o", ms=4, label=label)
                drawn.set(linestyle=line, color=colour)
    ax.set(xlabel="epoch (passes over the corpus)", ylabel="loss (nats per pair)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    for text in ax.legend().get_texts():
        text.set_parse_math(False)
    with renamed_when_complete(path) as temporary:
        figure.savefig(temporary, format="png")
