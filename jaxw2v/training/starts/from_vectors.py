"""Rows that start from vectors made before."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import optax

from jaxw2v.corpus import Vocabulary
from jaxw2v.devices.layout import Layout
from jaxw2v.errors import InputError
from jaxw2v.training.setup.job import Job
from jaxw2v.training.starts.start import Start, change_rows
from jaxw2v.training.step.state import TrainState
from jaxw2v.vectors import WordVectors

WORDS_AT_ONCE = 1 << 16


def load_given(
    vectors: WordVectors | str | os.PathLike, dim: int, show_progress: bool
) -> WordVectors:
    """Loads vectors to start from.

    Args:
      vectors: as they are, or where they lie; rows that cannot be used are left out, but not in
        word2vec's binary format, which is refused with them.
      dim: D of the run.
      show_progress: draw a progress line on standard error.

    Returns:
      The vectors.

    Raises:
      InputError: they cannot be read, or have another length.
    """
    if not isinstance(vectors, WordVectors):
        vectors = WordVectors.load(vectors, errors="skip", show_progress=show_progress)
    if vectors.vectors.shape[1] != dim:
        raise InputError(
            f"init_from has vectors of {vectors.vectors.shape[1]} components and embedding_dim is "
            f"{dim}; give --embedding-dim {vectors.vectors.shape[1]}"
        )
    return vectors


def from_vectors(wv: WordVectors, vocabulary: Vocabulary, freeze: bool) -> Start:
    """Starts input rows from vectors made before; other words start as usual.

    Args:
      wv: the vectors; those of words that the vocabulary has are used.
      vocabulary: the vocabulary of the run.
      freeze: keep these rows as they are.

    Returns:
      The start; its facts count the words that were found, and the share of the tokens.

    Raises:
      InputError: there is none of the words.
    """
    found = np.array([i for i, word in enumerate(vocabulary.words) if word in wv], np.int64)
    if len(found) == 0:
        raise InputError(
            f"init_from has none of the {len(vocabulary):,} words of the text: {wv.words[0]!r} "
            f"there, {vocabulary.words[0]!r} here; is it of another language or tokenizer?"
        )
    # A piece at a time, because the vectors may be sharded over devices.
    pieces = np.array_split(found, -(-len(found) // WORDS_AT_ONCE))
    given = np.concatenate([wv[[vocabulary.words[i] for i in piece]] for piece in pieces])
    place = np.full(len(vocabulary), -1, np.int64)
    place[found] = np.arange(len(found))
    digest = hashlib.sha256(found.tobytes())
    digest.update(given.data)
    facts = {
        "words_found": len(found),
        "share_of_tokens_found": float(vocabulary.counts[found].sum() / vocabulary.counts.sum()),
        "sha256": digest.hexdigest(),
    }

    def chosen(words: np.ndarray) -> np.ndarray:
        return np.where(words < len(place), place[np.minimum(words, len(place) - 1)], -1)

    def load(words: np.ndarray, rows: np.ndarray) -> None:
        source = chosen(words)
        rows[source >= 0] = given[source[source >= 0]]

    def hold(words: np.ndarray, rows: np.ndarray) -> None:
        rows[:, 0] = chosen(words) >= 0

    def change(state: TrainState, job: Job, layout: Layout) -> TrainState:
        del job, layout
        state = state._replace(input_embedding=change_rows(state.input_embedding, len(place), load))
        if not freeze:
            return state
        held = optax.tree.get(state.input_optimizer, "held")
        optimizer = optax.tree.set(state.input_optimizer, held=change_rows(held, len(place), hold))
        return state._replace(input_optimizer=optimizer)

    return Start({"init_from": facts}, change)


def found_words(start: Start, vocabulary: Vocabulary) -> str:
    """Says how many words start from vectors made before.

    Args:
      start: the start of :func:`from_vectors`.
      vocabulary: the vocabulary of the run.

    Returns:
      One line.
    """
    facts = start.facts["init_from"]
    return (
        f"{facts['words_found']:,} of {len(vocabulary):,} words start from the given vectors "
        f"({facts['share_of_tokens_found']:.1%} of the tokens), the others as usual"
    )
