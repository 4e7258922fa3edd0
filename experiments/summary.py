"""The table of all experiments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from experiments import markdown, results_file
from experiments.grouping import by_settings, means
from experiments.mikolov_2013.run import varied_alone
from experiments.quality_frontier.draw import over_seeds
from experiments.scores import SCORES
from jaxw2v import InputError

HERE = Path(__file__).parent


class Line(NamedTuple):
    """A row of the table.

    Attributes:
      name: of the folder.
      claim: what is tested.
      obtained: from the content of the results file to what came of it.
    """

    name: str
    claim: str
    obtained: Callable[[dict], str]


def _gensim_comparison(results: dict) -> str:
    summary = results["summary"]
    ours, theirs = (summary[name]["sum_of_scores"] for name in ("jaxw2v", "gensim"))
    return (
        f"{summary['ratio_of_words_per_second']:.2f} times gensim's words/s; sum of three scores "
        f"{ours:.3f}, gensim's {theirs:.3f}"
    )


def _pytorch_blog(results: dict) -> str:
    default, blog = results["default_slice"], results["blog_slice"]
    own, other = (part["epochs"][-1]["held_out_loss"] for part in (default, blog))
    minutes, torch = (results[p]["projected_minutes"] for p in ("default", "torch_slice"))
    return (
        f"{minutes:.1f} minutes on two CPU cores (projected; PyTorch {torch / 60:.0f} hours); at "
        f"equal tokens loss on the blog's pairs {own['blog']:.2f} against {other['blog']:.2f}, on "
        f"ours {own['default']:.2f} against {other['default']:.2f}, WS-353 {default['ws353']:.2f} "
        f"against {blog['ws353']:.2f}"
    )


def _embedding(results: dict) -> str:
    forward = max(row["forward"] for row in results["layers"])
    backward = max(row["backward"] / row["largest_gradient"] for row in results["layers"])
    times = {
        (row["vocabulary"], row["way"]): row["milliseconds"]
        for row in results["cost"]
        if row["direction"] == "forward"
    }
    size = max(size for size, way in times if way != "lookup")
    ratio = times[size, "one-hot times matrix"] / times[size, "lookup"]
    return (
        f"largest difference forward {forward:g}, backward {backward:.0e} of the gradient; with "
        f"{size:,} words the product takes {ratio:,.0f} times as long"
    )


def _imdb_sentiment(results: dict) -> str:
    found = {(row["arm"], row["labels"]): row["accuracy"] for row in results["summary"]}
    sizes = sorted({labels for _, labels in found})
    return "; ".join(
        f"{size:,} labels: {100 * found['from scratch', size]:.1f}% from scratch, "
        f"{100 * found['word2vec of reviews, fine-tuned', size]:.1f}% from word2vec"
        for size in (sizes[0], sizes[1], sizes[-1])
    )


def _mikolov_2013(results: dict) -> str:
    def best(objective: str, name: str) -> str:
        rows = varied_alone(results["summary"], objective, name)
        top = max(rows, key=lambda row: row["total"])
        return f"{top[name]:g} ({100 * top['total']:.1f}%)"

    return "; ".join(
        f"best {what}: skip-gram {best('skipgram', name)}, CBOW {best('cbow', name)}"
        for name, what in (
            ("subsample_threshold", "threshold"),
            ("num_negatives", "negatives"),
            ("noise_exponent", "exponent"),
        )
    )


def _quality_frontier(results: dict) -> str:
    candidates = [row for row in over_seeds(results["runs"]) if row["part"] == "candidates"]
    best = max(candidates, key=lambda row: row["sum"])
    settings = ", ".join(f"{name} {value:g}" for name, value in best["settings"].items())
    return f"{len(results['runs'])} runs; best of the candidates {settings}: sum {best['sum']:.3f}"


def _throughput(results: dict) -> str:
    cases = {case["name"]: case["words_per_second"] / 1e6 for case in results["cases"]}
    speeds = ", ".join(f"{name} {speed:.2f} M words/s" for name, speed in cases.items())
    peers = ", ".join(
        f"{row['times_slower']:.1f} times {row['program']}"
        for row in results["peers"]
        if row["program"] != "jaxw2v"
    )
    return f"{speeds}; on the same words {peers}"


def _objectives(results: dict) -> str:
    found = {
        (row["system"], row["objective"], row["output_layer"]): row
        for row in results["whole_file"]["summary"]
    }
    lines = []
    for objective in ("skipgram", "cbow"):
        for layer, short in (("negative_sampling", "ns"), ("hierarchical_softmax", "hs")):
            ours, theirs = (found[name, objective, layer] for name in ("jaxw2v", "gensim"))
            ratio = ours["words_per_second"] / theirs["words_per_second"]
            lines.append(
                f"{objective} {short} {ours['mean_score']:.3f} / {theirs['mean_score']:.3f}, "
                f"{ratio:.2f} times the speed"
            )
    return "; ".join(lines)


def _large_vocabulary(results: dict) -> str:
    rows = [row for row in results["cost"] if row["text"] == "same"]
    ratios = " : ".join(f"{row['ratio']:.2f}" for row in rows)
    sizes = " : ".join(f"{row['vocabulary']:,}" for row in rows)
    return f"a step costs {ratios} with {sizes} words"


def _multi_device(results: dict) -> str:
    meshes: dict[str, list[str]] = {}
    runs = [run for run in results["meshes"] if not run["next_rate"]]
    for run in runs:
        meshes.setdefault(run["sha256"], []).append(f"{run['mesh']}/{run['processes']}")
    groups = "; ".join(", ".join(group) for group in meshes.values())
    furthest = max(run["largest_difference"] for run in runs)
    return (
        f"the same bits within each group of {groups} (mesh/processes); no component further "
        f"than {furthest:.1e} from one device's"
    )


def _checkpoints(results: dict) -> str:
    kill = results["kill"]
    passed_over = sum(damage["fate"] == "passed over" for damage in results["damages"])
    return (
        f"{kill['kills']} kills, {kill['in_a_save']} in a save: "
        f"{kill['runs_with_the_same_bits']} of {kill['runs']} runs have the same bits; "
        f"{len(results['damages'])} damages: {passed_over} passed over for the checkpoint "
        "before, the others in files that are not needed"
    )


def _streaming(results: dict) -> str:
    memory = results["memory"]
    return (
        f"stream {memory['stream_over_encoding_memory']:.1f} times the memory of encoding, "
        f"{memory['stream_over_training_memory']:.1f} of training; streamed over resident "
        f"{results['speed']['streamed_over_resident']:.2f}"
    )


def _continued_training(results: dict) -> str:
    arms = by_settings(results["arms"], ("arm",))
    sums = {shared["arm"]: sum(means(runs, SCORES).values()) for shared, runs in arms}
    before, after = sums["general text alone"], sums["continued"]
    return f"sum of scores {before:.3f} before, {after:.3f} after"


def _queries(results: dict) -> str:
    found = results["queries"]
    return (
        f"{found['gensim_over_jaxw2v']:.1f} times gensim; the same ten words in "
        f"{100 * found['queries_with_the_same_ten']:.0f}%; {found['peak_over_table']:.2f} tables "
        "of memory"
    )


def _peer_files(results: dict) -> str:
    differences = [row.get("largest_difference", 0) for row in results["round_trips"]]
    speed = next(row for row in results["load_speed"] if row["format"] == "word2vec-text")
    return (
        f"{len(differences)} round trips, largest difference {max(differences):g}; 1 M x 300 of "
        f"text in {speed['load_seconds']:.0f} s"
    )


def _accelerator(results: dict) -> str:
    cases = results["speed"]["cases"]

    def fastest(name: str) -> dict:
        rows = (case for case in cases if case["name"] == name)
        return max(rows, key=lambda case: case["words_per_second"])

    speeds = ", ".join(
        f"{name} {fastest(name)['words_per_second'] / 1e6:.0f} M words/s"
        for name in ("dim 128", "dim 300")
    )
    return (
        f"one {results['device']['kind']}, defaults of 2026-11-26: {speeds}, the blog's five "
        f"epochs in {fastest('blog')['blog_seconds']:.1f} s"
    )


def _subwords(results: dict) -> str:
    alone, made, peer = results["whole"]["summary"]
    of_slice = {r["system"]: r for r in results["12,000 lines"]["summary"] if r["subwords"]}
    ours, theirs = (of_slice[name]["ws353_with_unseen"] for name in ("jaxw2v", "fasttext"))
    return (
        f"{made['words_per_second'] / peer['words_per_second']:.1f} times fastText's words/s; "
        f"WS-353 {made['ws353']:.3f} ({peer['ws353']:.3f}), syntactic questions "
        f"{made['syntactic']:.3f} ({peer['syntactic']:.3f}; words alone {alone['syntactic']:.3f}), "
        f"rare words {made['rare_words']:.3f} ({peer['rare_words']:.3f}; words alone "
        f"{alone['rare_words']:.3f}); on a slice with unseen words WS-353 {ours:.3f} "
        f"({theirs:.3f})"
    )


def _from_the_ground_up(results: dict) -> str:
    hardware = results["hardware"]
    return (
        f"{results['cells']} cells, run in {results['seconds']:.0f} s on {hardware['cores']} cores "
        f"of an {hardware['processor']}"
    )


def _cheap_tricks(results: dict) -> str:
    def mean(trained: str, trick: str) -> dict[str, float]:
        runs = [run["scores"] for run in results[trained] if run["trick"] == trick]
        return means(runs, tuple(runs[0]))

    plain, summed = mean("cbow", ""), mean("cbow", "input + output")
    return (
        f"cbow, input + output: semantic questions {plain['semantic']:.3f} to "
        f"{summed['semantic']:.3f}, syntactic {plain['syntactic']:.3f} to "
        f"{summed['syntactic']:.3f}; no new option"
    )


LINES = (
    Line("from_the_ground_up", "A guide: word2vec step by step", _from_the_ground_up),
    Line("accelerator", "150 M words a second on one GPU", _accelerator),
    Line("pytorch_blog", "The blog's 3.5 hours on a GPU, under 25 minutes here", _pytorch_blog),
    Line(
        "embedding_is_a_lookup", "An Embedding layer is one-hot times a matrix, cheaper", _embedding
    ),
    Line("imdb_sentiment", "Pre-trained vectors help most when labels are few", _imdb_sentiment),
    Line("mikolov_2013", "Subsampling, negatives and noise exponent of the papers", _mikolov_2013),
    Line("quality_frontier", "The map from which the defaults come", _quality_frontier),
    Line("throughput", "Words a second, floors, peers on the same words", _throughput),
    Line("gensim_comparison", "Faster than gensim, a higher sum of scores", _gensim_comparison),
    Line("subwords", "Words of n-grams, three times as fast as fastText", _subwords),
    Line("cheap_tricks", "Published tricks that cost next to nothing", _cheap_tricks),
    Line(
        "objectives",
        "All objectives as good as gensim's (mean score), skip-gram as fast",
        _objectives,
    ),
    Line("large_vocabulary", "A step costs its rows, whatever the table", _large_vocabulary),
    Line("multi_device", "The same vectors on every mesh", _multi_device),
    Line(
        "checkpoints", "A killed and resumed run gives the bits of one that was not", _checkpoints
    ),
    Line("streaming", "Text larger than memory, at the speed of text in memory", _streaming),
    Line("continued_training", "New text without forgetting the old", _continued_training),
    Line("queries", "1,000 queries over a million words", _queries),
    Line("peer_files", "Files of other programs, both ways", _peer_files),
)


def table() -> str:
    """All experiments as a Markdown table.

    Returns:
      The table.
    """
    rows = []
    for line in LINES:
        path = HERE / line.name / "results.json"
        results = results_file.read(path)
        if not results:
            raise InputError(f"{path}: no such file; run python -m experiments.{line.name}.run")
        rows.append((f"[{line.name}]({line.name})", line.claim, line.obtained(results)))
    return markdown.table(("experiment", "claim", "obtained"), rows)
