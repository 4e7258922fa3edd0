"""The settings of a run, as one frozen dataclass; the command line is made from it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any, Literal

from jaxw2v.errors import InputError


@dataclasses.dataclass(frozen=True)
class Config:
    """Every setting of a training run; a value out of range is refused with its name.

    Raises:
      InputError: a value is out of range. (The text under each field is its ``--help``.)

    Example:
      >>> Config(embedding_dim=50).embedding_dim
      50
      >>> Config(window=0)
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: window is 0; it must be an integer of 1 or more
    """

    tokenizer: str = "words"
    """How text becomes words: words (lower-case runs of letters and digits), whitespace,
    basic_english (as torchtext's), or regex:PATTERN (every match is a word)."""
    min_count: int = 5
    """Words seen fewer times than this are dropped (occurrences)."""
    max_vocabulary: int | None = None
    """Keep only this many of the most frequent words (words)."""
    text_column: str = "text"
    """Column to read from parquet, csv, tsv, jsonl and arrow files."""
    errors: Literal["strict", "replace"] = "strict"
    """What to do with bytes that are not UTF-8: stop, or replace them by U+FFFD."""

    embedding_dim: int = 100
    """Length of a word vector (components)."""
    window: int = 5
    """Largest distance between a center and a context; each center draws 1..window (words)."""
    num_negatives: int = 5
    """Negatives for every positive pair, in expectation (words)."""
    noise_exponent: float = 0.75
    """Negatives are drawn in proportion to count**noise_exponent (no unit)."""
    subsample_threshold: float = 1e-3
    """Words above this share of the corpus are randomly dropped; 0 keeps all (share of words)."""
    subsample_formula: Literal["word2vec_c", "paper"] = "word2vec_c"
    """Keep probability: sqrt(t/f) + t/f as word2vec.c computes, or the paper's sqrt(t/f)."""

    epochs: int = 5
    """Passes over the corpus (passes)."""
    learning_rate: float | None = None
    """First step size of Adam; None chooses by the tokens per step (no unit)."""
    min_learning_rate: float = 1e-6
    """Step size at the end of the linear decay (no unit)."""
    tokens_per_step: int | None = None
    """Kept tokens in one optimizer step; None chooses by the corpus size (words)."""
    block_length: int = 32
    """Consecutive tokens that form pairs with one another (words)."""
    negatives_per_block: int = 24
    """Negatives drawn for a block and shared by its tokens (words)."""
    row_updates: Literal["touched", "dense"] = "touched"
    """Apply the optimizer to the rows a step touched, or to both whole tables."""
    seed: int = 1
    """Seed of every random draw (integer)."""

    validation_share: float = 0.0
    """Share of sentences held out for a validation loss each epoch (share of sentences)."""
    probe_words: tuple[str, ...] = ()
    """Words whose neighbours are printed after each epoch."""

    def __post_init__(self) -> None:
        for field, (kind, accepts, what) in _RANGES.items():
            value = getattr(self, field)
            if value is None and field in _OPTIONAL:
                continue
            number = not isinstance(value, bool) and isinstance(value, kind)
            if not (number and math.isfinite(value) and accepts(value)):
                raise InputError(f"{field} is {value!r}; it must be {what}")
        for field, allowed in _CHOICES.items():
            if getattr(self, field) not in allowed:
                raise InputError(
                    f"{field} is {getattr(self, field)!r}; it must be one of {', '.join(allowed)}"
                )
        if self.learning_rate is not None and self.min_learning_rate > self.learning_rate:
            raise InputError(
                f"min_learning_rate is {self.min_learning_rate}, above learning_rate "
                f"{self.learning_rate}; give a smaller one"
            )
        if self.tokens_per_step is not None and self.tokens_per_step < self.block_length:
            raise InputError(
                f"tokens_per_step is {self.tokens_per_step}; it must hold at least one block "
                f"of block_length {self.block_length} tokens"
            )
        probes = self.probe_words
        probes = (probes,) if isinstance(probes, str) else tuple(probes)
        object.__setattr__(self, "probe_words", probes)

    def to_json(self) -> str:
        """The settings as indented JSON, for ``config.json`` beside the vectors."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


_INTEGER, _NUMBER = (int,), (int, float)
_Range = tuple[tuple[type, ...], Callable[[Any], bool], str]
_AT_LEAST_ONE: _Range = (_INTEGER, lambda v: v >= 1, "an integer of 1 or more")
_RANGES: dict[str, _Range] = {
    "min_count": _AT_LEAST_ONE,
    "max_vocabulary": (_INTEGER, lambda v: v >= 2, "an integer of 2 or more"),
    "embedding_dim": _AT_LEAST_ONE,
    "window": _AT_LEAST_ONE,
    "num_negatives": _AT_LEAST_ONE,
    "noise_exponent": (_NUMBER, lambda v: True, "a finite number"),
    "subsample_threshold": (_NUMBER, lambda v: 0 <= v <= 1, "a number from 0 to 1"),
    "epochs": _AT_LEAST_ONE,
    "learning_rate": (_NUMBER, lambda v: v > 0, "a number above 0"),
    "min_learning_rate": (_NUMBER, lambda v: v >= 0, "a number of 0 or more"),
    "tokens_per_step": _AT_LEAST_ONE,
    "block_length": (_INTEGER, lambda v: v >= 2, "an integer of 2 or more"),
    "negatives_per_block": _AT_LEAST_ONE,
    "seed": (_INTEGER, lambda v: 0 <= v < 2**32, "an integer from 0 to 4294967295"),
    "validation_share": (_NUMBER, lambda v: 0 <= v < 1, "a number from 0 to below 1"),
}
_OPTIONAL = {"max_vocabulary", "learning_rate", "tokens_per_step"}
_CHOICES = {
    "errors": ("strict", "replace"),
    "subsample_formula": ("word2vec_c", "paper"),
    "row_updates": ("touched", "dense"),
}
