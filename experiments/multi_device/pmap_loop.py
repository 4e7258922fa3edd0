r"""A training loop of one's own under jax.pmap: the tables copied, blocks and tokens shared out.

    XLA_FLAGS=--xla_force_host_platform_device_count=8 \
      python -m experiments.multi_device.pmap_loop --corpus corpus.txt

Prints the loss after each chunk and the neighbors of a word. The result has the bits of
``jaxw2v train --mesh 8x1`` with the same chunks in the same order.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import tyro

import jaxw2v
from jaxw2v.corpus import open_corpus
from jaxw2v.training import (
    Chunk,
    ChunkInputs,
    Shards,
    chunk_keys,
    initial_state,
    make_job,
    make_train_chunk,
    storage_row,
    word_arrays,
)

AXIS = "data"


@dataclasses.dataclass(frozen=True)
class PmapLoop:
    """Trains with pmap on all local devices."""

    corpus: str
    """Text file, one sentence or paragraph a line."""
    config: tyro.conf.OmitArgPrefixes[jaxw2v.Config] = dataclasses.field(
        default_factory=lambda: jaxw2v.Config(epochs=1)
    )


def train(loop: PmapLoop) -> jaxw2v.WordVectors:
    """Trains word vectors.

    Args:
      loop: the settings.

    Returns:
      The vectors.
    """
    stream = open_corpus(loop.corpus, loop.config, show_progress=False)
    size, devices = len(stream.vocabulary), jax.local_device_count()
    job = make_job(loop.config, stream.vocabulary.counts)
    train_chunk = jax.pmap(
        make_train_chunk(job, Shards(size, data=(AXIS,))),
        AXIS,
        in_axes=(0, ChunkInputs(chunk=0, words=None, keys=None, progress=None)),
        donate_argnums=0,
    )
    start = jax.jit(initial_state, static_argnums=0)(job)
    state = jax.tree.map(lambda leaf: jnp.stack([leaf] * devices), start)
    words, key = word_arrays(job), jax.random.key(loop.config.seed)
    step, derive_keys = job.plan.chunk_tokens, jax.jit(chunk_keys)
    for epoch in range(loop.config.epochs):
        for index, first in enumerate(range(0, len(stream), step)):
            read = stream.read(first, min(first + step, len(stream)))
            keys = derive_keys(key, np.array([epoch + 1, index], np.int32))
            done = np.array([first, min(first + step, len(stream))]) / len(stream)
            progress = np.float32((epoch + done) / loop.config.epochs)
            chunk = Chunk(*(deal(part, step, devices) for part in read))
            inputs = ChunkInputs(chunk, words, keys, progress)
            state, loss, _ = train_chunk(state, inputs)
            print(f"epoch {epoch + 1}, loss {loss.total[0] / loss.pairs[0]:.4f}", flush=True)
    table = np.asarray(state.input_embedding[0])
    return jaxw2v.WordVectors(stream.vocabulary, table[storage_row(np.arange(size), size)])


def deal(part: np.ndarray, size: int, devices: int) -> np.ndarray:
    """Shares a chunk out over devices.

    Args:
      part: int32 [n], ids or sentence ids.
      size: tokens of a chunk; the rest is padding, -1.
      devices: how many.

    Returns:
      int32 [devices, ceil(size / devices)].
    """
    whole = devices * -(-size // devices)
    return np.pad(part, (0, whole - part.size), constant_values=-1).reshape(devices, -1)


if __name__ == "__main__":
    vectors = train(tyro.cli(PmapLoop, description=__doc__))
    word = vectors.words[len(vectors) // 20]
    print(word, *(other for other, _ in vectors.most_similar(word, topn=6)))
