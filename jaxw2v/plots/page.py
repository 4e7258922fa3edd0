"""Words in the plane as one interactive page, which needs neither a server nor the network."""

from __future__ import annotations

from pathlib import Path

from bokeh.embed import file_html
from bokeh.layouts import column, row
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    HoverTool,
    Plot,
    Range1d,
    Spacer,
    WheelZoomTool,
)
from bokeh.models.annotations import LabelSet
from bokeh.models.widgets import AutocompleteInput, Div
from bokeh.plotting import figure
from bokeh.resources import INLINE

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.plots.projection import Projection
from jaxw2v.vectors import WordVectors

NEIGHBORS = 8
BLUE, ORANGE = "#0072B2", "#D55E00"
TOOLTIP = """<div style="max-width:22em"><b>@word</b> <span style="color:#666">@count{0,0}
times</span><br>@near</div>"""
# Labels in the order of the words, each where it covers no other, anew for every zoom.
THIN_LABELS = """
const {x, y, word} = source.data;
const xs = plot.x_range, ys = plot.y_range;
const width = plot.inner_width, height = plot.inner_height;
const boxes = [], shown = [];
for (let i = 0; i < word.length; i++) {
  const left = (x[i] - xs.start) / (xs.end - xs.start) * width + 5;
  const top = (ys.end - y[i]) / (ys.end - ys.start) * height - 14;
  const box = [left, top, left + 6.6 * word[i].length + 3, top + 13];
  const visible = box[2] > 0 && box[0] < width && box[3] > 0 && box[1] < height;
  const free = visible && !boxes.some(
    (b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]);
  if (free) boxes.push(box);
  shown.push(free ? word[i] : "");
}
source.data.label = shown;
source.change.emit();
"""
FIND = """
const wanted = cb_obj.value.trim();
const at = source.data.word.indexOf(wanted);
const found = at >= 0 ? at : source.data.word.indexOf(wanted.toLowerCase());
if (!wanted) {
  source.selected.indices = [];
  said.text = "";
} else if (found < 0) {
  said.text = "not among the words shown";
} else {
  const {x, y, near} = source.data;
  const wide = (full[1] - full[0]) / 8, high = (full[3] - full[2]) / 8;
  plot.x_range.setv({start: x[found] - wide, end: x[found] + wide});
  plot.y_range.setv({start: y[found] - high, end: y[found] + high});
  source.selected.indices = [found];
  said.text = near[found];
}
"""


def write_page(projection: Projection, wv: WordVectors, path: str | Path, title: str) -> None:
    """Writes a page to pan, zoom and search; a word shows its neighbors.

    Args:
      projection: the words and their places.
      wv: the vectors, among all of which neighbors are looked for.
      path: the HTML file, renamed when complete.
      title: above the picture.
    """
    words = list(projection.words)
    near = wv.most_similar([[word] for word in words], topn=NEIGHBORS)
    source = ColumnDataSource(
        {
            "x": projection.places[:, 0].tolist(),
            "y": projection.places[:, 1].tolist(),
            "word": words,
            "label": [""] * len(words),
            "count": wv.counts[[wv.vocabulary[word] for word in words]].tolist(),
            "near": [", ".join(f"{w} {cosine:.2f}" for w, cosine in some) for some in near],
        }
    )
    ranges = _ranges(projection)
    plot = _scatter(projection, source, *ranges)
    said = Div(text="", render_as_text=True, styles={"padding-top": "7px"})
    find = _search_box(words, source, plot, ranges, said)
    bold: dict[str, str | None] = {"padding-top": "7px", "font-weight": "bold"}
    heading = Div(text=title, render_as_text=True, styles=bold)
    page = column(
        row(find, Spacer(width=10), heading, Spacer(width=20), said),
        plot,
        sizing_mode="stretch_both",
        styles={"height": "96vh"},
    )
    with renamed_when_complete(path) as temporary:
        temporary.write_text(file_html(page, INLINE, title), encoding="utf-8")


def _ranges(projection: Projection) -> tuple[Range1d, Range1d]:
    """What is seen at first of both axes: all words, with a margin."""
    low, high = projection.places.min(0), projection.places.max(0)
    margin = 0.06 * (high - low) + 1e-9
    low, high = (low - margin).tolist(), (high + margin).tolist()
    return Range1d(low[0], high[0]), Range1d(low[1], high[1])


def _scatter(
    projection: Projection, source: ColumnDataSource, x_range: Range1d, y_range: Range1d
) -> Plot:
    """The words as points, labelled where there is room."""
    plot = figure(
        x_range=x_range,
        y_range=y_range,
        x_axis_label=projection.axes[0],
        y_axis_label=projection.axes[1],
        tools="pan,box_zoom,reset,save",
        sizing_mode="stretch_both",
        min_height=500,
        output_backend="canvas",
    )
    wheel = WheelZoomTool()
    plot.add_tools(wheel)
    plot.toolbar.active_scroll = wheel
    points = plot.scatter(
        "x",
        "y",
        size=6,
        color=BLUE,
        source=source,
        nonselection_alpha=0.5,
        nonselection_color=BLUE,
        selection_color=ORANGE,
        hover_color=ORANGE,
    )
    plot.add_tools(HoverTool(renderers=[points], tooltips=TOOLTIP))
    plot.add_layout(
        LabelSet(
            x="x", y="y", text="label", source=source, x_offset=5, y_offset=2, text_font_size="11px"
        )
    )
    thin = CustomJS(args={"source": source, "plot": plot}, code=THIN_LABELS)
    for place in (x_range, y_range):
        place.js_on_change("start", thin)
        place.js_on_change("end", thin)
    plot.js_on_change("inner_width", thin)
    plot.js_on_change("inner_height", thin)
    return plot


def _search_box(
    words: list[str],
    source: ColumnDataSource,
    plot: Plot,
    ranges: tuple[Range1d, Range1d],
    said: Div,
) -> AutocompleteInput:
    """A field that finds a word, goes there and says its neighbors."""
    find = AutocompleteInput(
        placeholder="find a word",
        completions=words,
        search_strategy="includes",
        case_sensitive=False,
        min_characters=1,
        width=220,
    )
    full = [edge for axis in ranges for edge in (axis.start, axis.end)]
    find.js_on_change(
        "value",
        CustomJS(args={"source": source, "plot": plot, "said": said, "full": full}, code=FIND),
    )
    return find
