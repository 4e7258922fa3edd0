"""An Embedding layer is a one-hot vector times a matrix, and costs less. See README.md."""

from __future__ import annotations

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

import jaxw2v
from experiments import markdown, pictures
from experiments.experiment import Experiment, Parts
from experiments.neighbors import neighbors
from jaxw2v.losses import softmax_loss

HIGHEST = jax.lax.Precision.HIGHEST
LARGEST_ONE_HOT = 1 << 30
"""One-hot vectors that would take more are left out (bytes)."""


@dataclasses.dataclass(frozen=True)
class Lookup(Experiment):
    """Compares an Embedding layer with one-hot vectors times a matrix."""

    SMOKE: ClassVar[dict] = {"sizes": (50, 100), "rounds": 1, "max_vocabulary": 100}

    corpus: str | None = None
    """Text file on which the exact-softmax model is trained; the built-in corpus without it."""
    max_vocabulary: int = 5_000
    """Words of that model (words)."""
    sizes: tuple[int, ...] = (100, 1_000, 10_000, 100_000, 1_000_000)
    """Vocabularies whose cost is measured (words)."""
    batch: int = 1_024
    """Words looked up at once (words)."""
    embedding_dim: int = 64
    """Length of a row (components)."""
    rounds: int = 15
    """Measurements of each, in alternation."""
    probe_words: tuple[str, ...] = ("king", "army", "music")
    """Words whose neighbors in the trained matrix are shown."""

    def work(self) -> Parts:
        """The layers compared, their cost, and a model trained both ways."""
        return {
            "layers": functools.partial(compare, self),
            "cost": functools.partial(measure_cost, self),
            "trained": functools.partial(compare_trained, self),
        }

    def show(self, results: dict) -> None:
        """Draws the cost."""
        draw(results["cost"], self.results.with_name("cost.png"))


def by_lookup(table: jax.Array, ids: jax.Array) -> jax.Array:
    """An Embedding layer.

    Args:
      table: float32 [V, D].
      ids: int32 [B].

    Returns:
      float32 [B, D].
    """
    return table[ids]


def by_one_hot(table: jax.Array, ids: jax.Array) -> jax.Array:
    """One-hot vectors times a matrix.

    Args:
      table: float32 [V, D].
      ids: int32 [B].

    Returns:
      float32 [B, D].
    """
    one_hot = jax.nn.one_hot(ids, table.shape[0])
    return jnp.dot(one_hot, table, precision=HIGHEST)


WAYS = {"lookup": by_lookup, "one-hot times matrix": by_one_hot}


def with_gradient(way: Callable) -> Callable:
    """Forward and backward, as a function of the table, the ids and the gradient from above.

    Args:
      way: the forward function.

    Returns:
      A function that returns the rows and the gradient of the table.
    """

    def both(table: jax.Array, ids: jax.Array, above: jax.Array) -> tuple[jax.Array, jax.Array]:
        rows, pull = jax.vjp(lambda table: way(table, ids), table)
        return rows, pull(above)[0]

    return both


def compare(settings: Lookup) -> list[dict]:
    """The largest differences between layers, forward and backward.

    Args:
      settings: the settings.

    Returns:
      A record for each vocabulary and layer that is compared with nnx.Embed; ids repeat, so that
      gradients add up.
    """
    records = []
    for size in (50, 5_000) if not settings.smoke else (50,):
        rngs = nnx.Rngs(0)
        embed = nnx.Embed(size, settings.embedding_dim, rngs=rngs)
        dense = nnx.Linear(
            size, settings.embedding_dim, use_bias=False, precision=HIGHEST, rngs=rngs
        )
        table = embed.embedding[...]
        dense.kernel[...] = table
        rng = np.random.default_rng(0)
        ids = jnp.asarray(rng.integers(0, size, settings.batch), jnp.int32)
        above = jnp.asarray(rng.normal(size=(settings.batch, settings.embedding_dim)), jnp.float32)
        one_hot = jax.nn.one_hot(ids, size)

        def pulled(module: nnx.Module, given: jax.Array, above: jax.Array = above) -> nnx.State:
            return nnx.grad(lambda module: (module(given) * above).sum())(module)

        expected = embed(ids), pulled(embed, ids).embedding[...]
        by_rows = np.zeros(table.shape)
        for place, row in zip(np.asarray(ids), np.asarray(above, np.float64), strict=True):
            by_rows[place] += row
        others = {
            "one-hot times matrix": with_gradient(by_one_hot)(table, ids, above),
            "nnx.Linear without bias, on one-hot": (
                dense(one_hot),
                pulled(dense, one_hot).kernel[...],
            ),
            "numpy, row by row in float64": (np.asarray(table)[np.asarray(ids)], by_rows),
        }
        for name, found in others.items():
            differences = [np.abs(a - b).max() for a, b in zip(expected, found, strict=True)]
            largest = np.abs(np.asarray(expected[1])).max()
            records.append(
                {
                    "vocabulary": size,
                    "layer": name,
                    "forward": float(differences[0]),
                    "backward": float(differences[1]),
                    "largest_gradient": float(largest),
                }
            )
            print(records[-1], flush=True)
    return records


def measure_cost(settings: Lookup) -> list[dict]:
    """Time and memory by size of the vocabulary.

    Args:
      settings: the settings.

    Returns:
      A record for each vocabulary, way and direction (forward alone, or with the gradient).
    """
    records = []
    rng = np.random.default_rng(0)
    for size in settings.sizes:
        table = jnp.asarray(rng.normal(size=(size, settings.embedding_dim)), jnp.float32)
        ids = jnp.asarray(rng.integers(0, size, settings.batch), jnp.int32)
        above = jnp.ones((settings.batch, settings.embedding_dim), jnp.float32)
        programs = {}
        for name, way in WAYS.items():
            if name != "lookup" and 4 * size * settings.batch > LARGEST_ONE_HOT:
                continue
            programs[name, "forward"] = jax.jit(way).lower(table, ids).compile(), (table, ids)
            given = (table, ids, above)
            compiled = jax.jit(with_gradient(way)).lower(*given).compile()
            programs[name, "forward and backward"] = compiled, given
        times: dict[tuple, list[float]] = {key: [] for key in programs}
        for _ in range(1 + settings.rounds):
            for key, (compiled, given) in programs.items():
                started = time.perf_counter()
                jax.block_until_ready(compiled(*given))
                times[key].append(time.perf_counter() - started)
        for (name, direction), (compiled, _) in programs.items():
            sizes = compiled.memory_analysis()
            records.append(
                {
                    "vocabulary": size,
                    "way": name,
                    "direction": direction,
                    "milliseconds": 1e3 * statistics.median(times[name, direction][1:]),
                    "extra_bytes": sizes.temp_size_in_bytes + sizes.output_size_in_bytes,
                }
            )
            print(records[-1], flush=True)
    return records


def compare_trained(settings: Lookup) -> dict:
    """Trains the exact-softmax model, and takes it apart as layers.

    The network of the question-and-answer threads, made of Flax's own layers, is given the trained
    tables: one-hot in, a dense layer without bias or activation, a dense layer without bias,
    softmax, cross-entropy.

    Args:
      settings: the settings.

    Returns:
      Largest differences of hidden layers, losses and gradients; neighbors of some words.
    """
    config = jaxw2v.Config(
        output_layer="softmax",
        max_vocabulary=settings.max_vocabulary,
        embedding_dim=settings.embedding_dim,
        epochs=1 if settings.smoke else 5,
    )
    wv = jaxw2v.train(settings.corpus, config, show_progress=False)
    size, dim = wv.vectors.shape
    rngs = nnx.Rngs(0)
    hidden = nnx.Linear(size, dim, use_bias=False, precision=HIGHEST, rngs=rngs)
    output = nnx.Linear(dim, size, use_bias=False, precision=HIGHEST, rngs=rngs)
    hidden.kernel[...] = jnp.asarray(wv.vectors)
    output.kernel[...] = jnp.asarray(wv.output_vectors).T
    network = nnx.Sequential(hidden, output)
    rng = np.random.default_rng(0)
    centers, contexts = jnp.asarray(rng.integers(0, size, (2, settings.batch)), jnp.int32)
    one_hot = jax.nn.one_hot(centers, size)

    def network_loss(network: nnx.Sequential) -> jax.Array:
        logits = network(one_hot)
        return optax.softmax_cross_entropy_with_integer_labels(logits, contexts).sum()

    def lookup_loss(table: jax.Array) -> jax.Array:
        return softmax_loss(table[centers], jnp.asarray(wv.output_vectors), contexts).sum()

    table = jnp.asarray(wv.vectors)
    of_network, gradients = nnx.value_and_grad(network_loss)(network)
    of_lookup, gradient = jax.value_and_grad(lookup_loss)(table)
    dense_gradient = np.asarray(gradients["layers"][0]["kernel"][...])
    found = {
        "words": size,
        "hidden_layer_difference": float(
            np.abs(np.asarray(wv.to_embed()(centers)) - np.asarray(hidden(one_hot))).max()
        ),
        "loss_per_pair": float(of_lookup) / settings.batch,
        "loss_difference": abs(float(of_network) - float(of_lookup)) / settings.batch,
        "gradient_difference": float(np.abs(dense_gradient - np.asarray(gradient)).max()),
        "largest_gradient": float(np.abs(dense_gradient).max()),
        "neighbors": neighbors(wv, settings.probe_words, topn=5),
    }
    print(found, flush=True)
    return found


def draw(records: list[dict], path: Path) -> None:
    """Draws time and memory by size of the vocabulary.

    Args:
      records: of :func:`measure_cost`.
      path: the PNG file.
    """
    figure, (left, right) = pictures.panels(2)
    for number, name in enumerate(WAYS):
        for direction, line in (("forward", "-"), ("forward and backward", "--")):
            rows = [r for r in records if r["way"] == name and r["direction"] == direction]
            sizes = [row["vocabulary"] for row in rows]
            style = {"linestyle": line, **pictures.look(number)}
            left.plot(
                sizes, [row["milliseconds"] for row in rows], label=f"{name}, {direction}", **style
            )
            right.plot(sizes, [row["extra_bytes"] / 2**20 for row in rows], **style)
    left.set(xscale="log", yscale="log", xlabel="vocabulary (words)", ylabel="time (milliseconds)")
    right.set(
        xscale="log",
        yscale="log",
        xlabel="vocabulary (words)",
        ylabel="memory beside the table (MiB)",
    )
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    pictures.save(figure, path)


def table(records: list[dict]) -> str:
    """The differences between layers as a Markdown table.

    Args:
      records: of :func:`compare`.

    Returns:
      The table.
    """
    return markdown.table(
        ("compared with nnx.Embed", "words", "forward", "backward"),
        (
            (r["layer"], f"{r['vocabulary']:,}", f"{r['forward']:.2g}", f"{r['backward']:.2g}")
            for r in records
        ),
    )


if __name__ == "__main__":
    Lookup.main(__doc__)
