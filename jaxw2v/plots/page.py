"""Words in the plane as one interactive page, which needs neither a server nor the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bokeh.document import Document
from bokeh.embed import file_html
from bokeh.events import DocumentReady
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
from jaxw2v.plots.run_story import draw_losses, epochs_table, neighbors_table
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


# What the browser paints is told by the style; what Bokeh paints, by this.
DARK = """
if (window.matchMedia("(prefers-color-scheme: dark)").matches) {
  for (const plot of plots) {
    plot.background_fill_color = plot.border_fill_color = "#1b1d20";
    plot.outline_line_color = "#555";
    for (const part of [...plot.below, ...plot.left]) {
      part.axis_label_text_color = part.major_label_text_color = "#ddd";
      part.axis_line_color = part.major_tick_line_color = part.minor_tick_line_color = "#888";
    }
    for (const part of plot.center) {
      if (part.grid_line_color !== undefined) part.grid_line_color = "#3a3d42";
      if (part.text_color !== undefined) part.text_color = "#ddd";
      if (part.label_text_color !== undefined) {
        part.label_text_color = "#ddd";
        part.background_fill_color = "#1b1d20";
      }
    }
  }
}
"""
TEMPLATE = """\
{% block postamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.45 system-ui, sans-serif; margin: 1rem auto; padding: 0 1rem;
    max-width: 75rem; background: light-dark(#fff, #1b1d20); color: light-dark(#222, #ddd); }
  h1 { font-size: 1.25rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
  .words { height: min(80vh, 46rem); } .wide { overflow-x: auto; }
  table { border-collapse: collapse; }
  th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; }
  th { border-bottom: 1px solid #888; } td { font-variant-numeric: tabular-nums; }
</style>
{% endblock %}
{% block contents %}
<h1>{{ heading | e }}</h1>
<div class="words">{{ embed(roots.words) }}</div>
{% if epochs %}
<h2>Losses</h2>
{{ embed(roots.losses) }}
<h2>Epochs</h2>
<div class="wide">{{ epochs | safe }}</div>
{% endif %}
{% if neighbors %}
<h2>Neighbors by epoch</h2>
<div class="wide">{{ neighbors | safe }}</div>
{% endif %}
{% endblock %}
"""


def write_page(
    projection: Projection,
    wv: WordVectors,
    path: str | Path,
    title: str,
    epochs: Sequence[dict] = (),
) -> None:
    """Writes a page to pan, zoom and search; a word shows its neighbors.

    Args:
      projection: the words and their places.
      wv: the vectors, among all of which neighbors are looked for.
      path: the HTML file, renamed when complete.
      title: above the picture.
      epochs: the lines of ``metrics.jsonl`` of the run: its losses, its figures and its neighbors
        by epoch stand below the picture.
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
    top = row(find, Spacer(width=20), said)
    page = Document(title=title)
    page.add_root(column(top, plot, sizing_mode="stretch_both", name="words"))
    plots = [plot]
    if epochs:
        plots.append(draw_losses(epochs))
        page.add_root(column(plots[1], sizing_mode="stretch_width", name="losses"))
    page.js_on_event(DocumentReady, CustomJS(args={"plots": plots}, code=DARK))
    parts = {
        "heading": title,
        "epochs": epochs_table(epochs) if epochs else "",
        "neighbors": neighbors_table(epochs),
    }
    text = file_html(page, INLINE, title, template=TEMPLATE, template_variables=parts)
    with renamed_when_complete(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
