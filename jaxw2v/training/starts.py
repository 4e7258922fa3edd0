"""What a run starts from, other than chance: vectors made before, or the state of another run."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import optax

from jaxw2v.corpus import Vocabulary
from jaxw2v.errors import InputError
from jaxw2v.training.job import Job
from jaxw2v.training.layout import Layout
from jaxw2v.training.step import TrainState
from jaxw2v.training.storage_order import word_of_row
from jaxw2v.vectors import WordVectors


@dataclasses.dataclass(frozen=True)
class Start:
    """How a run's state is changed before its first step.

    Attributes:
      facts: what of it makes a run this run and no other, for JSON.
      change: from the state by chance to that from which the run starts.
      is_continued: whether both tables have been trained before.
    """

    facts: dict[str, Any]
    change: Callable[[TrainState, Job, Layout], TrainState]
    is_continued: bool = False


def change_rows(array: jax.Array, size: int, change: Callable[[np.ndarray, np.ndarray], None]):
    """Changes rows where they lie: each process those of its own devices, a device at a time.

    Args:
      array: [R, ...] in storage order, cut in any way.
      size: V, words.
      change: given int [n], the words of some rows, V or more where no word owns them, changes
        the rows [n, ...] in place.

    Returns:
      The array, laid out as before.
    """
    parts = []
    for shard in array.addressable_shards:
        part = np.array(shard.data)
        first = (shard.index[0].start or 0) if shard.index else 0
        change(word_of_row(np.arange(first, first + len(part)), size), part)
        parts.append(jax.device_put(part, shard.device))
    return jax.make_array_from_single_device_arrays(array.shape, array.sharding, parts)


def from_vectors(wv: WordVectors, vocabulary: Vocabulary, dim: int, freeze: bool) -> Start:
    """Starts input rows from vectors made before; other words start as usual.

    Args:
      wv: the vectors; those of words that the vocabulary has are used.
      vocabulary: of the run.
      dim: D of the run.
      freeze: keep these rows as they are.

    Returns:
      The start; its facts count the words that were found, and the share of the tokens.

    Raises:
      InputError: the vectors have another length, or none of the words.
    """
    if wv.vectors.shape[1] != dim:
        raise InputError(
            f"init_from has vectors of {wv.vectors.shape[1]} components and embedding_dim is "
            f"{dim}; give --embedding-dim {wv.vectors.shape[1]}"
        )
    row = np.array([wv.vocabulary.ids.get(word, -1) for word in vocabulary.words], np.int64)
    found = np.flatnonzero(row >= 0)
    if len(found) == 0:
        raise InputError(
            f"init_from has none of the {len(vocabulary):,} words of the text: {wv.words[0]!r} "
            f"there, {vocabulary.words[0]!r} here; is it of another language or tokenizer?"
        )
    digest = hashlib.sha256(found.tobytes())
    for start in range(0, len(found), 1 << 16):
        digest.update(wv.vectors[row[found[start : start + (1 << 16)]]])
    facts = {
        "words_found": len(found),
        "share_of_tokens_found": float(vocabulary.counts[found].sum() / vocabulary.counts.sum()),
        "sha256": digest.hexdigest(),
    }

    def chosen(words: np.ndarray) -> np.ndarray:
        return np.where(words < len(row), row[np.minimum(words, len(row) - 1)], -1)

    def load(words: np.ndarray, rows: np.ndarray) -> None:
        source = chosen(words)
        rows[source >= 0] = wv.vectors[source[source >= 0]]

    def hold(words: np.ndarray, rows: np.ndarray) -> None:
        rows[:, 0] = chosen(words) >= 0

    def change(state: TrainState, job: Job, layout: Layout) -> TrainState:
        del job, layout
        state = state._replace(input_embedding=change_rows(state.input_embedding, len(row), load))
        if not freeze:
            return state
        held = optax.tree.get(state.input_optimizer, "held")
        optimizer = optax.tree.set(state.input_optimizer, held=change_rows(held, len(row), hold))
        return state._replace(input_optimizer=optimizer)

    return Start({"init_from": facts}, change)


def found_words(start: Start, vocabulary: Vocabulary) -> str:
    """Says how many words start from vectors made before.

    Args:
      start: of :func:`from_vectors`.
      vocabulary: of the run.

    Returns:
      One line.
    """
    facts = start.facts["init_from"]
    return (
        f"{facts['words_found']:,} of {len(vocabulary):,} words start from the given vectors "
        f"({facts['share_of_tokens_found']:.1%} of the tokens), the others as usual"
    )
