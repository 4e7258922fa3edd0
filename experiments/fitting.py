"""Training on a token stream, with what was measured."""

from __future__ import annotations

import jaxw2v
from jaxw2v.corpus import TokenStream
from jaxw2v.training import fit


def fit_and_measure(
    stream: TokenStream, config: jaxw2v.Config, mesh: str | None = None
) -> tuple[jaxw2v.WordVectors, list[dict]]:
    """Trains without saving anything.

    Args:
      stream: the corpus.
      config: the settings.
      mesh: devices along data and vocabulary; ``None`` chooses.

    Returns:
      The vectors, and the record of each epoch as in ``metrics.jsonl``.
    """
    records: list[dict] = []

    def keep(wv: jaxw2v.WordVectors, metrics: list[dict]) -> None:
        records[:] = metrics

    wv = fit(stream, config, on_epoch=keep, mesh=mesh, show_progress=False)
    return wv, records
