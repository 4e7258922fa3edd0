"""Figures in the sentences of the README and of the page of settings are those of results files."""

from pathlib import Path
from statistics import mean

import pytest

from experiments import results_file
from experiments.gensim_comparison.run import speed_ratio
from experiments.quality_frontier.sizes import best_of_each
from experiments.scores import SCORES

ROOT = Path(__file__).parents[2]
OBJECTIVE = ("skipgram", "negative_sampling")


def results(name):
    return results_file.read(ROOT / "experiments" / name)


def short(value):
    """Three decimals without the zero before them."""
    return f"{value:.3f}".removeprefix("0")


def sizes():
    """The least and the most mean of skip-gram with negative sampling over sizes."""
    rows = best_of_each(results("quality_frontier/sizes.json")["runs"])
    rows = [r for r in rows if (r["objective"], r["output_layer"]) == OBJECTIVE]
    means = {s: [r["mean"] for r in rows if r["system"] == s] for s in ("jaxw2v", "gensim")}
    ours, theirs = ((short(min(m)), short(max(m))) for m in means.values())
    return (
        "the mean of three scores is {} to {}, and {} to {} for gensim at the best of three "
        "learning rates"
    ).format(*ours, *theirs)


def executions():
    ratios = [*map(speed_ratio, results("gensim_comparison/results.json")["executions"])]
    return f"had {min(ratios):.1f} to {max(ratios):.1f} times gensim's words/s"


def accelerator():
    cases = results("accelerator/results.json")["speed"]["cases"]
    rate = {
        case["name"]: case["words_per_second"] / 1e6
        for case in cases
        if case["tokens_per_step"] == 65_536
    }
    return (
        f"One NVIDIA H200 trains {rate['dim 128']:.0f} M raw words/s at dimension 128 and "
        f"{rate['dim 300']:.0f} M at 300"
    )


def whole():
    summary = results("gensim_comparison/results.json")["summary"]
    return (
        f"with 14.6 million words jaxw2v has {short(summary['jaxw2v']['sum_of_scores'] / 3)} there:"
    )


def continued():
    arms = results("continued_training/results.json")["arms"]

    def total(name):
        return short(mean(sum(a[s] for s in SCORES) for a in arms if a["arm"] == name))

    return (
        f"raised the sum of the general scores from {total('new text alone')} to "
        f"{total('input rows from the earlier run')}, and continuing a run raised it to "
        f"{total('continued')} ("
    )


def few_labels():
    accuracy = {
        row["arm"]: row["accuracy"]
        for row in results("imdb_sentiment/results.json")["summary"]
        if row["labels"] == 100
    }
    return (
        f"100 labels gave {accuracy['word2vec of reviews, fine-tuned']:.1%} instead of "
        f"{accuracy['from scratch']:.1%}"
    )


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("README.md", executions),
        ("README.md", sizes),
        ("README.md", accelerator),
        (".github/pages/settings.md", whole),
        (".github/pages/settings.md", continued),
        (".github/pages/settings.md", few_labels),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_sentence_has_the_figures_of_its_results(page, sentence):
    assert sentence() in " ".join((ROOT / page).read_text().split())
