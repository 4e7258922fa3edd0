"""Whether the accelerator computes what the CPU computes: one step, fifty steps, an epoch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

import jaxw2v
from experiments.accelerator.settings import Keep, Settings
from experiments.throughput.synthetic import synthetic_stream
from jaxw2v.training import (
    Chunk,
    ChunkInputs,
    Shards,
    chunk_keys,
    initial_state,
    make_job,
    make_train_chunk,
    word_arrays,
)

OBJECTIVES = {
    "skipgram, shared negatives": {},
    "skipgram, fresh negatives": {"negatives": "fresh"},
    "skipgram, hierarchical softmax": {"output_layer": "hierarchical_softmax"},
    "skipgram, softmax": {"output_layer": "softmax"},
    "cbow, shared negatives": {"objective": "cbow"},
    "cbow, hierarchical softmax": {"objective": "cbow", "output_layer": "hierarchical_softmax"},
}
STEP = 2_048
"""Tokens in a step (words)."""
STEPS, CHUNKS = 50, 4
"""Steps of a chunk, and chunks of the epoch."""


def measure(settings: Settings, keep: Keep) -> dict:
    """Compares each objective.

    Args:
      settings: of the experiment.
      keep: writes the objectives that are done.

    Returns:
      What was found, by objective.
    """
    steps = 3 if settings.smoke else STEPS
    stream = synthetic_stream(STEP * steps, 200 if settings.smoke else 2_000)
    names = list(OBJECTIVES)[: 1 if settings.smoke else None]
    found: dict[str, dict] = {}
    with ThreadPoolExecutor() as compilers:
        programs = {name: compilers.submit(_Runs, OBJECTIVES[name], stream) for name in names}
        for name, runs in programs.items():
            found[name] = runs.result().compare()
            print(name, found[name], flush=True)
            keep(found)
    return found


class _Runs:
    """A chunk's program for this machine's accelerator and for its CPU."""

    def __init__(self, given: dict, stream: jaxw2v.corpus.TokenStream):
        config = jaxw2v.Config(
            embedding_dim=64,
            tokens_per_step=STEP,
            subsample_threshold=0,
            precision="float32",
            **given,
        )
        counts = stream.vocabulary.counts
        # Both compute with the sizes of an accelerator.
        self.job = make_job(config, counts, on_cpu=False)
        size = self.job.plan.chunk_tokens
        read = stream.read(0, len(stream))
        self.whole = Chunk(
            *(np.pad(part, (0, size - part.size), constant_values=-1) for part in read)
        )
        first = np.arange(size) < STEP
        self.first = Chunk(*(np.where(first, part, -1) for part in self.whole))
        self.start = jax.device_get(jax.jit(lambda: initial_state(self.job))())
        self.derive_keys = jax.jit(chunk_keys)
        train = jax.jit(make_train_chunk(self.job, Shards(len(counts))))
        self.programs = []
        for device in (jax.devices()[0], jax.devices("cpu")[0]):
            put = jax.device_put(self._arguments(self.start, self.first, 0), device)
            self.programs.append((device, train.lower(*put).compile()))

    def _arguments(self, state, chunk, index: int) -> tuple:
        keys = self.derive_keys(jax.random.key(1), np.array([1, index], np.int32))
        progress = np.float32([index / CHUNKS, (index + 1) / CHUNKS])
        words = word_arrays(self.job)
        return state, ChunkInputs(chunk, words, keys, progress)

    def _train(self, number: int, chunks: list[Chunk]) -> tuple:
        """The state after the first chunk and after all, steps of the first, loss of the last."""
        device, program = self.programs[number]
        state, first, taken = self.start, None, 0
        for index, chunk in enumerate(chunks):
            put = jax.device_put(self._arguments(state, chunk, index), device)
            state, loss, steps = program(*put)
            if first is None:
                first, taken = jax.device_get(state), int(steps)
        return first, jax.device_get(state), taken, float(loss.total / loss.pairs)

    def compare(self) -> dict:
        """One step, a chunk of fifty, and an epoch of chunks, on both."""
        (one, *_, first_loss), (cpu_one, *_, cpu_first_loss) = (
            self._train(number, [self.first]) for number in (0, 1)
        )
        (fifty, epoch, steps, loss), (cpu_fifty, cpu_epoch, _, cpu_loss) = (
            self._train(number, [self.whole] * CHUNKS) for number in (0, 1)
        )
        return {
            "one_step": _difference(one, cpu_one),
            "one_step_gradient": _gradient_difference(one, cpu_one),
            "one_step_loss": abs(first_loss - cpu_first_loss),
            "steps": steps,
            "fifty_steps": _difference(fifty, cpu_fifty),
            "epoch": _difference(epoch, cpu_epoch),
            "epoch_loss": loss,
            "epoch_loss_on_cpu": cpu_loss,
        }


def _difference(ours, theirs) -> dict[str, float]:
    """Of both tables: the largest, and the share of components above 1e-6."""
    pairs = [
        np.abs(a - b).ravel()
        for a, b in (
            (ours.input_embedding, theirs.input_embedding),
            (ours.output_embedding, theirs.output_embedding),
        )
    ]
    both = np.concatenate(pairs)
    return {"largest": float(both.max()), "above_1e-6": float((both > 1e-6).mean())}


def _gradient_difference(ours, theirs) -> float:
    """The largest difference of rows' gradients, by the largest; read from the optimizer's state.

    The first step divides a row by the root mean square of its gradient, so that where that is
    rounding, vectors differ by twice the learning rate.
    """
    worst = 0.0
    for a, b in (
        (ours.input_optimizer, theirs.input_optimizer),
        (ours.output_optimizer, theirs.output_optimizer),
    ):
        one, other = (
            next(np.sqrt(leaf) for leaf in jax.tree.leaves(state) if np.ndim(leaf) == 2)
            for state in (a, b)
        )
        largest = float(jnp.max(jnp.asarray(other)))
        if largest:
            worst = max(worst, float(np.abs(one - other).max()) / largest)
    return worst
