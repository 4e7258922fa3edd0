"""The settings of a run, as one frozen dataclass; the command line is made from it."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Literal

from jaxw2v.errors import InputError
from jaxw2v.setting_rules import NoEffect, Range, Role, check_fields
from jaxw2v.subwords.ngrams import Ngrams
from jaxw2v.tokenizer_names import LATEST_WORDS

FEW_NEGATIVES = 5
"""Up to so many for a pair, the learning rate and the negatives of a block do not follow them."""
NOISE = NoEffect(output_layer=("softmax", "hierarchical_softmax"))
PHRASES = NoEffect(phrase_passes=0)
THRESHOLD = NoEffect(subsample_formula=("percentile", "none"))
PERCENTILE = NoEffect(subsample_formula=("none", "word2vec_c", "paper"))
SUBWORDS = NoEffect(subwords=False)


@dataclasses.dataclass(frozen=True)
class TextSettings:
    """How text becomes a token stream.

    Raises:
      InputError: a value is out of range. (The text under each field is its ``--help``.)
    """

    tokenizer: Annotated[str, Role.FIXED] = LATEST_WORDS
    """How text becomes words: words-2 (lower-case letters, marks and digits; also called words),
    words-1 (cuts at joiners), whitespace, basic_english (torchtext's), or regex:PATTERN."""
    min_count: Annotated[int, Range(1)] = 5
    """Words seen fewer times than this are dropped (occurrences)."""
    max_vocabulary: Annotated[int | None, Range(2), Role.OWN] = None
    """Keep only this many of the most frequent words (words)."""
    max_counted: Annotated[int, Range(2), Role.OWN] = 10_000_000
    """While counting, forget the rarest words whenever more different words than this are known;
    the counts of rare words are then too small (words)."""
    phrase_passes: Annotated[int, Range(0, 32), Role.FIXED] = 0
    """How often to go over the text and join pairs of words that stand together more often than
    chance: 1 makes phrases of two words, 2 of up to four (passes)."""
    phrase_scoring: Annotated[Literal["mikolov", "npmi"], PHRASES] = "mikolov"
    """How pairs are scored: as the paper and word2phrase.c do, or by normalized pointwise mutual
    information, from -1 to 1."""
    phrase_threshold: Annotated[float | None, Range(), PHRASES] = None
    """Pairs that score above this are joined; None is 100 for mikolov, .5 for npmi (no unit)."""
    phrase_min_count: Annotated[int, Range(1), PHRASES] = 5
    """Pairs seen fewer times than this are not joined; mikolov subtracts it from their count
    (occurrences)."""
    text_column: Annotated[str, Role.OWN] = "text"
    """Column to read from parquet, csv, tsv, jsonl and arrow files."""
    table_quotes: Annotated[bool, Role.OWN] = True
    """Fields of csv and tsv files may stand in double quotes; without, a quote is a character like
    any other."""
    errors: Annotated[Literal["strict", "replace"], Role.OWN] = "strict"
    """What to do with bytes that are not UTF-8: stop, or replace them by U+FFFD."""

    def __post_init__(self) -> None:
        check_fields(self)
        threshold = self.phrase_threshold or 0.0
        if not -1 <= threshold <= 1 and self.phrase_scoring == "npmi":
            raise InputError(f"phrase_threshold is {threshold}; npmi lies from -1 to 1")


@dataclasses.dataclass(frozen=True)
class Checkpointing:
    """When a run is saved, so that it can be resumed.

    A run is also saved when its last epoch ends, when a callback, Ctrl-C or SIGTERM stops it, and
    after each epoch whose validation loss is the smallest so far.

    Raises:
      InputError: a value is out of range. (The text under each field is its ``--help``.)
    """

    checkpoint_minutes: Annotated[float | None, Range(above=0)] = 10.0
    """Save a checkpoint when this much time has passed since the last one (minutes)."""
    checkpoint_steps: Annotated[int | None, Range(1)] = None
    """Save a checkpoint when so many optimizer steps have been taken since the last one; a run is
    saved between two chunks only, of a million tokens on a CPU and four elsewhere (steps)."""
    checkpoint_epochs: Annotated[int | None, Range(1)] = None
    """Save a checkpoint after every so many epochs (passes)."""
    keep_checkpoints: Annotated[int, Range(0)] = 2
    """Keep so many of the latest checkpoints, and the one of the smallest validation loss; 0
    saves none (checkpoints)."""

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("checkpoint_steps", "checkpoint_epochs"):
            if self.keep_checkpoints == 0 and getattr(self, name) is not None:
                raise InputError(
                    f"{name} is {getattr(self, name)} and keep_checkpoints is 0, which saves none; "
                    "leave one of them out"
                )


@dataclasses.dataclass(frozen=True)
class Config(TextSettings):
    """Every setting of a training run; a value out of range is refused with its name.

    Raises:
      InputError: a value is out of range. (The text under each field is its ``--help``.)

    Example:
      >>> Config(embedding_dim=50).embedding_dim
      50
      >>> Config(window=0)
      Traceback (most recent call last):
      ...
      jaxw2v.errors.InputError: window is 0; it must be an integer from 1 to 10000
    """

    objective: Annotated[Literal["skipgram", "cbow"], Role.FIXED] = "skipgram"
    """A center predicts each of its contexts, or its contexts together predict the center."""
    output_layer: Annotated[
        Literal["negative_sampling", "softmax", "hierarchical_softmax"], Role.FIXED
    ] = "negative_sampling"
    """How words are predicted: against sampled negatives, by the exact softmax over the
    vocabulary (slow), or down a Huffman tree."""
    cbow_combine: Annotated[Literal["mean", "sum"], NoEffect(objective="skipgram")] = "mean"
    """How cbow takes contexts together."""
    embedding_dim: Annotated[int, Range(1, 2**31 - 1), Role.FIXED] = 100
    """Length of a word vector (components)."""
    subwords: Annotated[bool, Role.FIXED] = False
    """The vector of a word is the mean of a row of its own and of those of its character n-grams,
    so that words never seen have one too; as in fastText."""
    min_ngram: Annotated[int, Range(1, 1_000), SUBWORDS, Role.FIXED] = 3
    """Shortest n-grams; each word is put between < and > first (characters)."""
    max_ngram: Annotated[int, Range(1, 1_000), SUBWORDS, Role.FIXED] = 6
    """Longest n-grams (characters)."""
    ngram_buckets: Annotated[int, Range(1, 2**31 - 1), SUBWORDS, Role.FIXED] = 2_000_000
    """Hash n-grams into this many buckets; only the n-grams of the vocabulary take memory, and all
    that the same words have share one row (buckets)."""
    max_norm: Annotated[float | None, Range(above=0)] = None
    """Largest norm of a row of either table, after each step; None sets no limit (no unit)."""
    window: Annotated[int, Range(1, 10_000)] = 5
    """Largest distance between a center and a context (words)."""
    window_sampling: Literal["dynamic", "fixed"] = "dynamic"
    """dynamic: each center draws its window from 1..window; in skip-gram with shared negatives or a
    softmax each pair is weighted by its chance to be inside instead. fixed: always window."""
    context_side: Literal["both", "left", "right"] = "both"
    """Where contexts stand, seen from the center: left, and skip-gram predicts the words before
    it, cbow predicts it from them."""
    require_full_window: bool = False
    """Leave out centers whose window the sentence cuts short."""
    num_negatives: Annotated[int, Range(1, 100_000), NOISE] = 5
    """Negatives for every positive pair, in expectation (words)."""
    negatives: Annotated[Literal["shared", "fresh"], NOISE] = "shared"
    """The pairs of a block share its negatives (fast), or each pair draws its own."""
    noise_exponent: Annotated[float, Range(-10, 10), NOISE] = 0.75
    """Negatives are drawn in proportion to count**noise_exponent (no unit)."""
    noise_table_size: Annotated[int | None, Range(1), NOISE] = None
    """Draw negatives from a finite table with this many entries, at least one for every word;
    None draws exactly (entries)."""
    subsample_threshold: Annotated[float | None, Range(0, 1), THRESHOLD] = None
    """Words above this share of the corpus are randomly dropped; 0 keeps all; None keeps all words
    of up to 400 occurrences, between 1e-3 (0.4 million words) and 1e-4 (4 million; share of
    words)."""
    subsample_formula: Literal["word2vec_c", "paper", "percentile", "none"] = "word2vec_c"
    """Keep probability: sqrt(t/f) + t/f as word2vec.c computes, the paper's sqrt(t/f), or
    sqrt(t/(f+t)) with t from --subsample-percentile, applied to pairs after windowing; or none."""
    subsample_percentile: Annotated[float, Range(0, 100), PERCENTILE] = 85.0
    """For the percentile formula: t is this percentile of the words' shares (percent)."""

    epochs: Annotated[int, Range(1), Role.FREE, Role.OWN] = 5
    """Passes over the corpus (passes)."""
    learning_rate: Annotated[float | None, Range(above=0), Role.OWN] = None
    """First step size; None chooses by steps, epochs and negatives (no unit)."""
    min_learning_rate: Annotated[float, Range(0), Role.OWN] = 1e-6
    """Step size at the end of the linear decay (no unit)."""
    tokens_per_step: Annotated[int | None, Range(1), Role.OWN] = None
    """Kept tokens in one optimizer step; None chooses by the corpus size (words)."""
    block_length: Annotated[int, Range(2, 65_536)] = 32
    """Consecutive tokens that form pairs with one another (words)."""
    block_overlap: Annotated[int | None, Range(0)] = None
    """Tokens that neighboring blocks share, so that windows at their edges are whole; None is
    0, or twice the window where full windows are required (words)."""
    negatives_per_block: Annotated[int | None, Range(1), NOISE, NoEffect(negatives="fresh")] = None
    """Negatives drawn for a block and shared by its tokens; None is block_length, times
    num_negatives / 10, with cbow / 5, where that is above 1. For a corpus of up to 2 million words
    of the vocabulary it is block_length times num_negatives / 5, and at least twice block_length,
    or once with subwords (words)."""
    row_updates: Literal["auto", "sparse", "dense"] = "auto"
    """Apply the optimizer to the rows a step touched (sparse), or to both whole tables; auto is
    sparse unless an optimizer of your own moves a row by what other rows do, or keeps no state by
    rows. Softmax and fresh negatives touch most of the output table and always move all of it."""
    precision: Literal["float32", "tensorfloat32", "bfloat16"] = "tensorfloat32"
    """How the operands of all products are rounded; sums are float32. With the last two a GPU uses
    its tensor cores. A CPU rounds to bfloat16 only: one that multiplies it (AVX512-BF16, AMX) is
    faster then with skip-gram and hierarchical softmax, many negatives or softmax, and slower with
    cbow; other processors are slower with all."""
    deterministic: Annotated[bool, Role.OWN] = False
    """The same vectors bit for bit in every run on a GPU, at the cost of some speed; CPUs and
    TPUs give them anyway."""
    seed: Annotated[int, Range(0, 2**32 - 1), Role.OWN] = 1
    """Seed of every random draw (integer)."""

    freeze_loaded: Annotated[bool, Role.OWN] = False
    """Keep the vectors of --init-from as they are; those of other words are trained."""
    validation_share: Annotated[float, Range(0, below=1), Role.OWN] = 0.0
    """Share of sentences held out for a validation loss each epoch (share of sentences)."""
    patience: Annotated[int | None, Range(1), Role.FREE, Role.OWN] = None
    """Stop when the validation loss has not fallen for so many epochs (passes)."""
    probe_words: Annotated[tuple[str, ...], Role.FREE, Role.OWN] = ()
    """Words whose neighbors are printed after each epoch; none given: up to three of
    the corpus, in a run of one process."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.ngrams is not None and self.freeze_loaded:
            raise InputError(
                "freeze_loaded keeps the rows of words as they are, but with subwords a vector "
                "moves with the rows of its n-grams too; leave one of them out"
            )
        if self.subwords and self.max_norm is not None:
            raise InputError(
                "max_norm limits rows that the optimizer moves, but with subwords the rows of "
                "n-grams follow those of words; leave one of them out"
            )
        if self.subwords and self.row_updates == "dense":
            raise InputError(
                "subwords move the rows of the n-grams that a step touches, and row_updates is "
                "'dense'; leave one of them out"
            )
        if self.overlap % 2:
            raise InputError(f"block_overlap is {self.overlap}; it must be even")
        if 2 * self.overlap > self.block_length:
            raise InputError(
                f"block_length is {self.block_length}; with blocks that share {self.overlap} "
                f"tokens (twice the window, or block_overlap) give {2 * self.overlap} or more"
            )
        if self.require_full_window and self.overlap < 2 * self.window:
            raise InputError(
                f"block_overlap is {self.overlap}; full windows need twice the window, "
                f"{2 * self.window}"
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

    @property
    def overlap(self) -> int:
        """Tokens that neighboring blocks share (words)."""
        if self.block_overlap is not None:
            return self.block_overlap
        return 2 * self.window if self.require_full_window else 0

    @property
    def shared_negatives(self) -> int:
        """Negatives drawn for a block where nothing is known of the corpus (words)."""
        if self.negatives_per_block is not None:
            return self.negatives_per_block
        return self.block_length * max(self.num_negatives, FEW_NEGATIVES) // FEW_NEGATIVES

    @property
    def ngrams(self) -> Ngrams | None:
        """Which n-grams a word has; ``None`` where vectors are not made of them."""
        if not self.subwords:
            return None
        return Ngrams(self.min_ngram, self.max_ngram, self.ngram_buckets)

    def to_json(self) -> str:
        """The settings as indented JSON, for ``config.json`` beside the vectors."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


DEFAULTS = {field.name: field.default for field in dataclasses.fields(Config)}
