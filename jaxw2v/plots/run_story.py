"""How a run went, as parts of a page: its losses, its epochs, its neighbors by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from bokeh.models import ColumnDataSource, HoverTool, Plot
from bokeh.plotting import figure

from jaxw2v.plots.curves import COLOURS, LINES


def draw_losses(records: Sequence[dict]) -> Plot:
    """Draws the loss of each epoch.

    Args:
      records: the lines of ``metrics.jsonl``.

    Returns:
      The plot.
    """
    plot = figure(
        x_axis_label="epoch (passes over the corpus)",
        y_axis_label="loss (nats per pair)",
        tools="save",
        toolbar_location=None,
        height=300,
        sizing_mode="stretch_width",
    )
    for (name, dash), colour in zip(LINES.items(), COLOURS, strict=False):
        known = [record for record in records if record.get(name) is not None]
        if not known:
            continue
        source = ColumnDataSource(
            {"epoch": [r["epoch"] for r in known], "loss": [r[name] for r in known]}
        )
        label = name.replace("_", " ")
        style: dict[str, Any] = {"color": colour, "legend_label": label, "source": source}
        plot.line("epoch", "loss", line_width=2, line_dash=dash, **style)
        points = plot.scatter("epoch", "loss", size=7, **style)
        tooltip = f"epoch @epoch: {label} @loss{{0.0000}}"
        plot.add_tools(HoverTool(renderers=[points], tooltips=tooltip))
    plot.xaxis.ticker = sorted({record["epoch"] for record in records})
    return plot


def epochs_table(records: Sequence[dict]) -> str:
    """The epochs with their figures.

    Args:
      records: the lines of ``metrics.jsonl``.

    Returns:
      A table in HTML, of the columns that a record has.
    """
    columns = {
        "epoch": ("epoch", "d"),
        "loss": ("loss (nats)", ".4f"),
        "validation_loss": ("validation loss (nats)", ".4f"),
        "words_per_second": ("words/s", ",.0f"),
        "seconds": ("seconds", ".1f"),
        "steps": ("steps so far", ",d"),
        "learning_rate": ("learning rate at the end", ".2g"),
    }
    known = {name: column for name, column in columns.items() if any(name in r for r in records)}
    rows = [
        [
            format(value, form) if (value := record.get(name)) is not None else ""
            for name, (_, form) in known.items()
        ]
        for record in records
    ]
    return _table([title for title, _ in known.values()], rows)


def neighbors_table(records: Sequence[dict]) -> str:
    """The neighbors of each probe word, epoch by epoch.

    Args:
      records: the lines of ``metrics.jsonl``.

    Returns:
      A table in HTML; nothing where none were looked for.
    """
    words = list(dict.fromkeys(word for r in records for word in r.get("neighbors", ())))
    if not words:
        return ""
    rows = [
        [
            str(record["epoch"]),
            *(", ".join(record.get("neighbors", {}).get(word, ())) for word in words),
        ]
        for record in records
    ]
    return _table(["epoch", *words], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str], kind: str) -> str:
        return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells) + "</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return f"<table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>"
