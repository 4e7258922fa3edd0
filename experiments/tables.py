"""Makes the tables of the READMEs and pages, between markers, from the results files.

python -m experiments.tables
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from experiments import results_file, summary
from experiments.accelerator import run as accelerator
from experiments.cheap_tricks import run as cheap_tricks
from experiments.checkpoints import run as checkpoints
from experiments.continued_training import run as continued_training
from experiments.embedding_is_a_lookup import run as embedding_is_a_lookup
from experiments.gensim_comparison import run as gensim_comparison
from experiments.imdb_sentiment import run as imdb_sentiment
from experiments.large_vocabulary import run as large_vocabulary
from experiments.mikolov_2013 import run as mikolov_2013
from experiments.multi_device import run as multi_device
from experiments.objectives import run as objectives
from experiments.peer_files import run as peer_files
from experiments.pytorch_blog import run as pytorch_blog
from experiments.quality_frontier import draw as quality_frontier
from experiments.quality_frontier import sizes
from experiments.subwords import run as subwords
from experiments.throughput import run as throughput
from jaxw2v import InputError

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob(".github/pages/*.md")),
    *sorted(HERE.rglob("README.md")),
]
MARKED = re.compile(r"<!-- table (\S+) -->\n.*?<!-- end of table -->", re.DOTALL)

TABLES: dict[str, Callable[[], str]] = {
    "all": summary.table,
    "accelerator": lambda: accelerator.table(_of("accelerator")["speed"]["cases"]),
    "cheap_tricks": lambda: cheap_tricks.table(_of("cheap_tricks")),
    "checkpoints": lambda: checkpoints.table(_of("checkpoints")["meshes"]),
    "continued_training": lambda: continued_training.table(_of("continued_training")["arms"]),
    "embedding_is_a_lookup": lambda: embedding_is_a_lookup.table(
        _of("embedding_is_a_lookup")["layers"]
    ),
    "gensim_comparison": lambda: gensim_comparison.table(_of("gensim_comparison")),
    "gensim_comparison/executions": lambda: gensim_comparison.executions_table(
        _of("gensim_comparison")["executions"]
    ),
    "imdb_sentiment": lambda: imdb_sentiment.table(_of("imdb_sentiment")["summary"]),
    "large_vocabulary/cost": lambda: large_vocabulary.cost_table(_of("large_vocabulary")["cost"]),
    "large_vocabulary/sweep": lambda: large_vocabulary.sweep_table(
        _of("large_vocabulary")["sweep"]
    ),
    "mikolov_2013": lambda: mikolov_2013.table(_of("mikolov_2013")["summary"]),
    "multi_device/meshes": lambda: multi_device.meshes_table(_of("multi_device")["meshes"]),
    "multi_device/speed": lambda: multi_device.speed_table(
        _of("multi_device")["two_devices_over_one"]
    ),
    "multi_device/bytes": lambda: multi_device.bytes_table(_of("multi_device")["bytes"]),
    "multi_device/busiest": lambda: multi_device.busiest_table(
        _of("multi_device")["busiest_shard"]
    ),
    "objectives": lambda: objectives.table(_of("objectives")),
    "peer_files/speed": lambda: peer_files.speed_table(_of("peer_files")["load_speed"]),
    "pytorch_blog": lambda: pytorch_blog.table(_of("pytorch_blog")),
    "quality_frontier/sizes": lambda: sizes.means_table(_sizes()["runs"]),
    "quality_frontier/intervals": lambda: sizes.intervals_table(
        _sizes()["runs"], _sizes()["intervals"]
    ),
    "subwords": lambda: subwords.table(_of("subwords")),
    "subwords/differences": lambda: subwords.differences_table(_of("subwords")),
    "throughput/cases": lambda: throughput.cases_table(_of("throughput")["cases"]),
    "throughput/peers": lambda: throughput.peers_table(_of("throughput")["peers"]),
    **{
        f"quality_frontier/{part}": lambda part=part: quality_frontier.table(
            _of("quality_frontier")["runs"], part
        )
        for part in ("candidates", "rate_of_chosen", "size")
    },
}
"""By the name in the marker: what makes the table."""


def _of(experiment: str, name: str = "results.json") -> dict:
    path = HERE / experiment / name
    if not (results := results_file.read(path)):
        raise InputError(f"{path}: no such file; run python -m experiments.{experiment}.run")
    return results


def _sizes() -> dict:
    return _of("quality_frontier", "sizes.json")


def updated(text: str) -> str:
    """Puts the tables into a text.

    Args:
      text: its text.

    Returns:
      The text with the tables as the results files have them.
    """

    def marked(found: re.Match) -> str:
        name = found[1]
        if name not in TABLES:
            raise InputError(f"<!-- table {name} -->: is no table of experiments/tables.py")
        return f"<!-- table {name} -->\n\n{TABLES[name]()}\n\n<!-- end of table -->"

    return MARKED.sub(marked, text)


if __name__ == "__main__":
    try:
        texts = {path: updated(path.read_text()) for path in PAGES}
    except InputError as error:
        sys.exit(f"error: {error}")
    for path, text in texts.items():
        path.write_text(text)
