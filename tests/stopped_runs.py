"""Runs that are stopped in the middle, and what they leave."""

import json

from jaxw2v import Callback, Config, train

# With 32 negatives a block losses of words drawn at random fall from epoch to epoch.
CONFIG = Config(
    embedding_dim=8,
    min_count=1,
    tokens_per_step=512,
    epochs=3,
    validation_share=0.05,
    negatives_per_block=32,
)
PROGRAM = "import sys; from jaxw2v.cli import main; sys.exit(main())"


def quiet(corpus, config=CONFIG, **options):
    return train(corpus, config, show_progress=False, **options)


class StopAfter(Callback):
    """Stops in the middle of a run."""

    def __init__(self, chunks):
        self.chunks = chunks

    def on_chunk_end(self, progress):
        self.chunks -= 1
        return self.chunks <= 0


def records(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    timed = {"seconds", "words_per_second", "compile_seconds"}
    return [{k: v for k, v in json.loads(line).items() if k not in timed} for line in lines]
