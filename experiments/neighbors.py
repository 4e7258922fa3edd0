"""Neighbors of a few words, for the results."""

from __future__ import annotations

from collections.abc import Sequence

import jaxw2v


def neighbors(wv: jaxw2v.WordVectors, words: Sequence[str], topn: int) -> dict[str, list[str]]:
    """Looks neighbors up.

    Args:
      wv: the vectors.
      words: whose neighbors are wanted; those without a vector are left out.
      topn: neighbors of each.

    Returns:
      By word, the nearest first.
    """
    known = [word for word in words if word in wv]
    answers = wv.most_similar([[word] for word in known], topn=topn) if known else []
    return {word: [near for near, _ in found] for word, found in zip(known, answers, strict=True)}
