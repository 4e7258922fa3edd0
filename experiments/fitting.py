"""Training on a token stream, with what was measured."""

from __future__ import annotations

from typing import Any

import jaxw2v
from jaxw2v.corpus import TokenStream
from jaxw2v.training import fit


def fit_and_measure(
    stream: TokenStream, config: jaxw2v.Config, mesh: str | None = None, **how: Any
) -> tuple[jaxw2v.WordVectors, list[dict]]:
    """Trains without saving anything.

    Args:
      stream: the corpus.
      config: the settings.
      mesh: devices along data, vocab and dim; ``None`` chooses.
      how: further arguments of :func:`jaxw2v.training.fit`.

    Returns:
      The vectors, and the record of each epoch as in ``metrics.jsonl``.
    """
    records: list[dict] = []

    def keep(wv: jaxw2v.WordVectors, metrics: list[dict]) -> None:
        records[:] = metrics

    wv = fit(stream, config, on_epoch=keep, mesh=mesh, show_progress=False, **how)
    return wv, records


def speed_after_first(records: list[dict]) -> float:
    """Raw words a second without the first epoch, which reads the text and warms up.

    Args:
      records: of epochs of the same text.

    Returns:
      Words a second.
    """
    timed = records[1:]
    return sum(r["raw_words"] for r in timed) / sum(r["seconds"] for r in timed)
