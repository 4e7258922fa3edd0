"""The loss on text that is held out."""

from __future__ import annotations

import math

import numpy as np

from jaxw2v.config import Config
from jaxw2v.corpus import TokenStream
from jaxw2v.errors import InputError
from jaxw2v.training.loop.engine import Engine
from jaxw2v.training.loop.feed import Feed


def hold_out(stream: TokenStream, config: Config) -> tuple[np.ndarray, TokenStream]:
    """Draws the sentences on which the loss is measured.

    Args:
      stream: the corpus.
      config: ``validation_share`` and ``seed`` are used.

    Returns:
      bool [sentences], whether a sentence is held out, and those sentences as a stream.

    Raises:
      InputError: nothing would be left to train on, or to validate on.
    """
    draws = np.random.default_rng(config.seed).random(stream.num_sentences)
    held_out = draws < config.validation_share
    validation = stream.select(held_out)
    if held_out.all() or validation.longest_sentence < 2:
        raise InputError(
            f"validation_share {config.validation_share} of {len(held_out)} sentences leaves "
            "nothing to train on or to validate on; give another share, or a validation file"
        )
    return held_out, validation


class Validation:
    """The mean loss per pair on held-out text, with the same draws every time."""

    def __init__(self, engine: Engine, stream: TokenStream):
        """Prepares the program that measures; it is compiled at the first call.

        Args:
          engine: whose tables are measured.
          stream: held-out text.

        Raises:
          InputError: the text holds no pair.
        """
        if stream.longest_sentence < 2:
            raise InputError(
                "the validation text has no sentence with two words of the vocabulary; "
                "give text like that of the corpus"
            )
        plan = engine.job.plan
        stride = plan.block_length - plan.overlap
        tokens = min(plan.chunk_tokens, stride * math.ceil(len(stream) / stride))
        self._feed = Feed(stream, tokens, engine.layout)
        self._evaluate = engine.evaluator(tokens)

    def __call__(self) -> float | None:
        """Measures.

        Returns:
          Nats; ``None`` if no pair was formed.
        """
        sums = np.zeros(3, np.float64)
        for index in range(self._feed.num_chunks):
            loss = self._evaluate(self._feed.read(index).chunk, index)
            sums += [float(value) for value in loss]
        return sums[0] / sums[1] if sums[1] else None
