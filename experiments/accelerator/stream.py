"""The synthetic corpus of the parts that need no text."""

from __future__ import annotations

from experiments.accelerator.settings import Settings
from experiments.throughput.synthetic import synthetic_stream
from jaxw2v.corpus import TokenStream


def make_stream(settings: Settings, share: int = 1) -> TokenStream:
    """Draws the corpus.

    Args:
      settings: of the experiment.
      share: one in so many of its tokens.

    Returns:
      The stream.
    """
    if settings.smoke:
        return synthetic_stream(30_000, 500)
    return synthetic_stream(settings.tokens // share, 80_000)
