"""Breslow's "Implementing Word2vec in PyTorch from the Ground Up", and what it costs here.

See README.md.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

import jaxw2v
from experiments import markdown, pictures
from experiments.experiment import Experiment, Parts
from experiments.neighbors import neighbors
from experiments.pytorch_blog import torch_skipgram
from experiments.pytorch_blog.held_out import HeldOut, Sampling, draw_held_out, pair_loss
from experiments.scores import check_sets, score
from jaxw2v.corpus import TokenStream, open_corpus
from jaxw2v.plots import COLOURS
from jaxw2v.training import fit

WIKITEXT_TOKENS, EPOCHS = 77_500_000, 5
"""Kept tokens of WikiText-103, and passes, of the blog."""
BLOG_MINUTES = 5 * 42.5
"""What the blog says five epochs took on a Colab GPU (minutes)."""
LINES_HELD_OUT = 2_000
LARGEST_LOSS = 8
"""Losses above are not drawn (nats)."""
PARTS = ("default", "blog_slice", "default_slice", "torch_slice")


@dataclasses.dataclass(frozen=True)
class Blog(Experiment):
    """Trains with the blog's settings in several ways, and projects to WikiText-103."""

    SMOKE: ClassVar[dict] = {
        "embedding_dim": 8,
        "min_count": 2,
        "slice_tokens": 2_000,
        "held_out_pairs": 500,
    }

    corpus: str
    """Text file, one paragraph a line; or wikitext-103."""
    eval_dir: Path
    """Folder with ws353.txt, simlex999.txt and questions-words.txt."""
    parts: tuple[Literal[PARTS], ...] = PARTS
    """Our sampling on the whole corpus; and on a slice: the blog's sampling, ours, PyTorch."""
    slice_tokens: int = 1_000_000
    """Tokens of the slice (words)."""
    embedding_dim: int = 300
    """Length of a word vector (components)."""
    min_count: int = 50
    """Words seen fewer times than this are dropped (occurrences)."""
    held_out_pairs: int = 50_000
    """Pairs on which the loss is measured after each epoch (pairs)."""
    probe_words: tuple[str, ...] = ("love", "hurricane", "military", "army")
    """Words whose neighbors are shown after each epoch."""

    def check(self) -> None:
        """The sets are there."""
        check_sets(self.eval_dir)

    def work(self) -> Parts:
        """The arms that are asked for."""
        runs = configs(self)
        stream = open_corpus(self.corpus, runs["default"])
        whole, part, rest = split(stream, self.slice_tokens)
        held_out = {
            name: draw_held_out(rest, config, name, self.held_out_pairs)
            for name, config in runs.items()
        }
        arm = functools.partial(run_arm, self, held_out=held_out)
        work = {
            "default": functools.partial(arm, runs["default"], whole),
            "default_slice": functools.partial(arm, runs["default"], part),
            "blog_slice": functools.partial(arm, runs["blog"], part),
            "torch_slice": functools.partial(run_torch, runs["blog"], part, held_out),
        }
        return {name: done for name, done in work.items() if name in self.parts}

    def show(self, results: dict) -> None:
        """Draws the losses and prints the arms."""
        draw(results, self.results.with_name("losses.png"))
        for name in PARTS:
            if name in results:
                shown = {key: v for key, v in results[name].items() if key != "epochs"}
                print(name, json.dumps(shown))


def configs(settings: Blog) -> dict[Sampling, jaxw2v.Config]:
    """The blog's settings with its own sampling, and with ours.

    Args:
      settings: of the experiment.

    Returns:
      Settings of the runs.
    """
    shared = {
        "tokenizer": "basic_english",
        "min_count": settings.min_count,
        "embedding_dim": settings.embedding_dim,
        "window": 8,
        "num_negatives": 5 if settings.smoke else 50,
        "epochs": EPOCHS,
    }
    of_the_blog = {
        "subsample_formula": "percentile",
        "subsample_percentile": 85.0,
        "window_sampling": "fixed",
        "require_full_window": True,
        "negatives": "fresh",
        "noise_table_size": torch_skipgram.NOISE_TABLE,
    }
    return {"blog": jaxw2v.Config(**shared, **of_the_blog), "default": jaxw2v.Config(**shared)}


def split(stream: TokenStream, slice_tokens: int) -> tuple[TokenStream, TokenStream, TokenStream]:
    """Holds lines out, and takes a slice of the rest.

    Args:
      stream: the corpus.
      slice_tokens: of the slice (words).

    Returns:
      What is trained on, its first lines, and what is held out; one vocabulary.
    """
    rng, number = np.random.default_rng(0), stream.num_sentences
    is_held_out = np.zeros(number, bool)
    is_held_out[rng.permutation(number)[: min(LINES_HELD_OUT, number // 10)]] = True
    train = stream.select(~is_held_out)
    _, lines = train.read(0, min(slice_tokens, len(train)))
    in_slice = np.arange(train.num_sentences) <= lines[-1]
    return train, train.select(in_slice), stream.select(is_held_out)


def run_arm(
    settings: Blog,
    config: jaxw2v.Config,
    stream: TokenStream,
    held_out: dict[Sampling, HeldOut],
) -> dict:
    """Trains one arm in jaxw2v.

    Args:
      settings: of the experiment.
      config: of the run.
      stream: the corpus.
      held_out: pairs by how they are formed.

    Returns:
      What was measured, by epoch and in all.
    """
    epochs: list[dict] = []
    last: list[jaxw2v.WordVectors] = []

    def look(wv: jaxw2v.WordVectors, metrics: list[dict]) -> None:
        epochs.append(
            {
                "epoch": metrics[-1]["epoch"],
                "seconds": metrics[-1]["seconds"],
                "train_loss": metrics[-1]["loss"],
                "held_out_loss": {
                    name: pair_loss(wv.vectors, wv.output_vectors, pairs)
                    for name, pairs in held_out.items()
                },
                "neighbors": neighbors(wv, settings.probe_words, topn=5),
            }
        )
        last[:] = [wv]
        print(json.dumps(epochs[-1]), flush=True)

    fit(stream, config, on_epoch=look, show_progress=False)
    seconds = sum(epoch["seconds"] for epoch in epochs)
    return {
        "tokens": len(stream),
        "words": len(stream.vocabulary),
        "tokens_per_second": len(epochs) * len(stream) / seconds,
        "projected_minutes": seconds / len(epochs) * EPOCHS * WIKITEXT_TOKENS / len(stream) / 60,
        **score(last[0], settings.eval_dir),
        "epochs": epochs,
    }


def run_torch(
    config: jaxw2v.Config, stream: TokenStream, held_out: dict[Sampling, HeldOut]
) -> dict:
    """Trains for one epoch in PyTorch.

    Args:
      config: of the run.
      stream: the corpus.
      held_out: pairs by how they are formed.

    Returns:
      What was measured.
    """
    found = torch_skipgram.train(stream, config, seed=1)
    return {
        "tokens": len(stream),
        "words": len(stream.vocabulary),
        "pairs": found.pairs,
        "tokens_per_second": len(stream) / found.seconds,
        "projected_minutes": found.seconds * EPOCHS * WIKITEXT_TOKENS / len(stream) / 60,
        "epochs": [
            {
                "epoch": 1,
                "seconds": found.seconds,
                "train_loss": found.loss,
                "held_out_loss": {
                    name: pair_loss(found.inputs, found.outputs, pairs)
                    for name, pairs in held_out.items()
                },
            }
        ],
    }


NAMES = {
    "default": "our sampling, whole corpus",
    "default_slice": "our sampling, slice",
    "blog_slice": "the blog's sampling, slice",
    "torch_slice": "PyTorch, slice",
}
WHAT = {"train_loss": "training, its own pairs", "held_out_loss": "held out, the blog's pairs"}


def draw(results: dict, path: Path) -> None:
    """Draws losses by epoch, and the projected times.

    Args:
      results: the content of the results file.
      path: the PNG file.
    """
    figure, (left, right) = pictures.panels(2, height=4.8)
    arms = [name for name in NAMES if name in results]
    for number, name in enumerate(arms):
        epochs = results[name]["epochs"]
        places = [epoch["epoch"] for epoch in epochs]
        for key, line in (("train_loss", ":"), ("held_out_loss", "-")):
            losses = [epoch[key] for epoch in epochs]
            if key == "held_out_loss":
                losses = [loss["blog"] for loss in losses]
            # A loss may have been measured on no pair. PyTorch starts from N(0, 1): its loss is
            # of another order.
            drawn = [(x, y) for x, y in zip(places, losses, strict=True) if y and y < LARGEST_LOSS]
            if drawn:
                label = f"{NAMES[name]}: {WHAT[key]}"
                look = pictures.look(number)
                left.plot(*zip(*drawn, strict=True), linestyle=line, label=label, **look)
    left.set(xlabel="epoch", ylabel=f"loss (nats a pair), below {LARGEST_LOSS}")
    left.set_xticks(range(1, EPOCHS + 1))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    bars = {"the blog, Colab GPU": BLOG_MINUTES}
    bars |= {NAMES[name]: results[name]["projected_minutes"] for name in arms}
    right.barh(list(bars), list(bars.values()), color=COLOURS[0])
    for place, minutes in enumerate(bars.values()):
        right.text(minutes * 1.1, place, f"{minutes:,.1f} min", va="center", fontsize=8)
    right.set(xscale="log", xlabel="5 epochs of WikiText-103, projected (minutes)")
    right.set_xlim(1, 20 * max(bars.values()))
    right.invert_yaxis()
    pictures.save(figure, path)


def table(results: dict) -> str:
    """The arms as a Markdown table, losses after the last epoch.

    Args:
      results: the content of the results file.

    Returns:
      The table.
    """
    rows: list[tuple] = [("the blog, Colab GPU", "2,550", "30 k", "3.5 h")]
    for name in PARTS:
        if name in results:
            arm = results[name]
            minutes, last = arm["projected_minutes"], arm["epochs"][-1]
            rows.append(
                (
                    name,
                    f"{last['seconds']:.1f}",
                    f"{arm['tokens_per_second'] / 1e3:.0f} k",
                    f"{minutes:.1f} min" if minutes < 60 else f"{minutes / 60:.1f} h",
                    *(f"{last['held_out_loss'][n]:.4g}" for n in ("blog", "default")),
                )
            )
    return markdown.table(
        (
            "arm",
            "seconds an epoch",
            "tokens/s",
            "5 epochs of WikiText-103",
            "loss, blog's pairs",
            "loss, our pairs",
        ),
        rows,
    )


if __name__ == "__main__":
    Blog.main(__doc__)
