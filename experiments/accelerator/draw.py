"""Draws what the part ``speed`` found, where the libraries for pictures are.

python -m experiments.accelerator.draw
"""

from __future__ import annotations

from pathlib import Path

from experiments import pictures, results_file

HERE = Path(__file__).parent


def draw(cases: list[dict], path: Path) -> None:
    """Draws words a second by tokens a step.

    Args:
      cases: of the part ``speed``.
      path: the PNG file.
    """
    figure, (axes,) = pictures.panels(1)
    for place, name in enumerate(dict.fromkeys(case["name"] for case in cases)):
        rows = [case for case in cases if case["name"] == name]
        rows.sort(key=lambda case: case["tokens_per_step"])
        sizes = [row["tokens_per_step"] for row in rows]
        speeds = [row["words_per_second"] / 1e6 for row in rows]
        axes.plot(sizes, speeds, label=name, **pictures.look(place))
    axes.set(xscale="log", xlabel="tokens in a step (words)", ylabel="million raw words/s")
    sizes = sorted({case["tokens_per_step"] for case in cases})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=7)
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    pictures.save(figure, path)


if __name__ == "__main__":
    draw(results_file.read(HERE / "results.json")["speed"]["cases"], HERE / "speed.png")
