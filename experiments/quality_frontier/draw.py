"""The map of the frontier as a picture, and as a table."""

from __future__ import annotations

import math
from pathlib import Path

from experiments import markdown, pictures
from experiments.grouping import by_settings, means
from experiments.scores import SCORES

ALONE = {
    "epochs": ("epochs", "epochs (passes)"),
    "negatives": ("negatives_per_block", "negatives shared by a block of 32 (words)"),
    "subsampling": ("subsample_threshold", "subsampling threshold (share of words)"),
}
RATE_AT_32768 = 0.02


def over_seeds(runs: list[dict]) -> list[dict]:
    """Means over seeds, one record for each point.

    Args:
      runs: of :func:`experiments.quality_frontier.run.run_point`.

    Returns:
      Records with ``part``, ``settings``, the number of seeds, and means.
    """
    measured = ("words_per_second", *SCORES, "sum", "rare_sum")
    return [
        {**shared, "seeds": len(group), **means(group, measured)}
        for shared, group in by_settings(runs, ("part", "settings"))
    ]


def draw(runs: list[dict], path: Path) -> None:
    """Draws sums of the three scores: all words, and rare words.

    Args:
      runs: of the results file.
      path: the PNG file.
    """
    found = over_seeds(runs)
    figure, axes = pictures.panels(2, rows=2, height=3.4)
    by_tokens: dict[int, list[dict]] = {}
    for row in found:
        if row["part"] == "rate":
            by_tokens.setdefault(row["settings"]["tokens_per_step"], []).append(row)
    for number, (tokens, rows) in enumerate(by_tokens.items()):
        unit = RATE_AT_32768 * math.sqrt(tokens / 32_768)
        axes[0].plot(
            [row["settings"]["learning_rate"] / unit for row in rows],
            [row["sum"] for row in rows],
            label=f"{tokens:,}",
            **pictures.look(number),
        )
    axes[0].set(
        xscale="log",
        xlabel="learning rate / (.02 sqrt(tokens in a step / 32,768))",
        ylabel="sum of three scores",
    )
    axes[0].set_xticks([0.5, 0.7, 1, 1.4, 2], ["0.5", "0.7", "1", "1.4", "2"])
    axes[0].minorticks_off()
    axes[0].legend(title="tokens in a step", fontsize=8, title_fontsize=8)
    for ax, (part, (name, label)) in zip(axes[1:], ALONE.items(), strict=True):
        rows = [row for row in found if row["part"] == part]
        places = range(len(rows))
        for number, (key, what) in enumerate((("sum", "all words"), ("rare_sum", "rare words"))):
            ax.plot(places, [row[key] for row in rows], label=what, **pictures.look(number))
        ax.set_xticks(places, [f"{row['settings'][name]:g}" for row in rows])
        ax.set(xlabel=label, ylabel="sum of three scores")
        ax.legend(fontsize=8)
    pictures.save(figure, path)


def table(runs: list[dict], part: str) -> str:
    """The means of a part as a Markdown table.

    Args:
      runs: of the results file.
      part: its name.

    Returns:
      The table.
    """
    rows = []
    for row in over_seeds(runs):
        if row["part"] == part:
            settings = ", ".join(f"{key} {value:g}" for key, value in row["settings"].items())
            speed = f"{row['words_per_second'] / 1e6:.2f}"
            names = (*SCORES, "sum", "rare_sum")
            scores = [f"{row[name]:.3f}" for name in names if name in row]
            rows.append((settings, row["seeds"], speed, *scores))
    header = "settings|seeds|M words/s|WS-353|SimLex|Google|sum|rare sum"
    return markdown.table(header.split("|"), rows)
