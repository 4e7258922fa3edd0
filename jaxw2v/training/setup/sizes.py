"""Sizes of a run, chosen from the corpus, the settings and the backend before it starts."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from jaxw2v.config import Config
from jaxw2v.training.setup.schedule import choose_learning_rate

CHUNK_TOKENS = 1 << 22
# Measured on 14.6 M words (experiments/quality_frontier): from 850 steps on scores are the same
# within noise, 420 score lower; a CPU takes as long for a token of a larger step, and on any device
# larger ones score lower (jaxw2v/DESIGN.md, "Tokens a step").
TARGET_STEPS = 1_500
SMALLEST_STEP, LARGEST_STEP = 256, 65_536
# What the learning rate is multiplied by where the tables come from another run.
CONTINUED = 0.5
# Measured (experiments/quality_frontier): 1e-3 is best on 0.2 M words, 3e-4 on 0.75 M, 3e-4 or 1e-4
# on 1.8 and 4 M, 1e-4 on 14.6 M. So words of up to 400 occurrences are kept whole, between bounds.
KEPT_WHOLE = 400
SMALLEST_THRESHOLD, LARGEST_THRESHOLD = 1e-4, 1e-3
# Measured (experiments/quality_frontier): 64 negatives for a block of 32 tokens are worth .01 of
# the mean score from 0.2 to 4 M words, but not with subwords; up to 2 M words they take seconds
# longer. For 10 to 50 negatives a pair half as many in a block score the same with skip-gram on 4
# and 14.6 M words, less on 0.75 and 1.8 M, and with cbow.
SMALL_CORPUS, NEGATIVES_PER_TOKEN, MANY_NEGATIVES = 2_000_000, 2, 10
# On a CPU a chunk is memory, on a GPU it hides the time between dispatches.
CPU_CHUNK_TOKENS = 1 << 20
# On a CPU, rows of this many tokens stay in cache between the products of a micro-batch; in two
# pieces, while one core waits in one of them, for the other's share of a product or for memory, it
# goes on with the other (experiments/throughput/NOTES.md).
CPU_MICRO_BATCH_TOKENS, CPU_PIECES = 2_048, 2
CPU_ROWS_PER_PASS = 2_048
# What the output rows of a piece of a micro-batch may take, on a CPU and on a GPU (bytes).
CPU_PIECE_BYTES, PIECE_BYTES = 6 << 20, 1 << 30


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The part of a plan that decides what is computed, whatever the device.

    Attributes: as those of :class:`Plan`.
    """

    chunk_tokens: int
    blocks_per_step: int
    learning_rate: float
    subsample_threshold: float | None = None
    negatives_per_block: int | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """Static sizes of the training step.

    Attributes:
      chunk_tokens: tokens of the stream handed to the device at once.
      block_length: L, tokens in a block.
      overlap: tokens of it that are contexts only.
      blocks_per_step: B, blocks in an optimizer step.
      blocks_per_micro_batch: blocks whose gradients are computed at once; divides B.
      pieces: in how many pieces a device that is alone computes them, side by side.
      rows_per_pass: table rows the optimizer handles at once.
      learning_rate: step size at the start.
      subsample_threshold: share of the corpus above which words are dropped; ``None`` where none is
        used.
      negatives_per_block: N, negatives that the tokens of a block share; ``None`` where none are,
        or where an objective of the user's own draws them.
    """

    chunk_tokens: int
    block_length: int
    overlap: int
    blocks_per_step: int
    blocks_per_micro_batch: int
    pieces: int
    rows_per_pass: int
    learning_rate: float
    subsample_threshold: float | None
    negatives_per_block: int | None

    @property
    def sizes(self) -> Sizes:
        """What a run that goes on from this one must have as well."""
        return Sizes(
            self.chunk_tokens,
            self.blocks_per_step,
            self.learning_rate,
            self.subsample_threshold,
            self.negatives_per_block,
        )

    @property
    def tokens_per_step(self) -> int:
        """Kept tokens in one optimizer step."""
        return self.blocks_per_step * (self.block_length - self.overlap)


def choose_subsample_threshold(counts: np.ndarray) -> float:
    """How strongly frequent words are dropped, where the settings leave it open.

    None is dropped that occurs up to 400 times, or as often as the mean word, as far as the bounds
    of 1e-4 and 1e-3 allow.

    Args:
      counts: int [V], occurrences.

    Returns:
      A share of the corpus.

    Example:
      >>> choose_subsample_threshold(np.array([600, 400]))
      0.001
      >>> choose_subsample_threshold(np.full(10_000, 100))
      0.0004
    """
    share = max(KEPT_WHOLE / max(int(counts.sum()), 1), 1 / len(counts))
    return min(max(share, SMALLEST_THRESHOLD), LARGEST_THRESHOLD)


def choose_negatives_per_block(config: Config, counts: np.ndarray) -> int:
    """How many negatives the tokens of a block share, where the settings leave it open.

    Args:
      config: the settings, which leave it open.
      counts: int [V], occurrences.

    Returns:
      N: a fifth of K for each token, and at least one; at least two on a small corpus, but for
      vectors that are made of n-grams; a tenth of K on a large one with skip-gram.

    Example:
      >>> small, large = np.array([600_000, 400_000]), np.array([6_000_000, 4_000_000])
      >>> [choose_negatives_per_block(Config(), counts) for counts in (small, large)]
      [64, 32]
      >>> config = Config(num_negatives=50)
      >>> [choose_negatives_per_block(config, counts) for counts in (small, large)]
      [320, 160]
    """
    if int(counts.sum()) <= SMALL_CORPUS:
        at_least = 1 if config.subwords else NEGATIVES_PER_TOKEN
        return max(config.shared_negatives, at_least * config.block_length)
    if config.objective == "cbow":
        return config.shared_negatives
    return config.block_length * max(config.num_negatives, MANY_NEGATIVES) // MANY_NEGATIVES


def make_plan(
    config: Config,
    keep: np.ndarray,
    counts: np.ndarray,
    bytes_per_block: int,
    on_cpu: bool,
    sizes: Sizes | None = None,
    is_continued: bool = False,
) -> Plan:
    """Chooses the sizes.

    Args:
      config: the settings; a learning rate and tokens a step that are None are chosen here.
      keep: float [V], share of the occurrences of each word that is left in the blocks.
      counts: int [V], occurrences.
      bytes_per_block: what the output rows of a block take.
      on_cpu: whether the step runs on a CPU, which wants work in cache-sized pieces.
      sizes: the sizes of the run that is resumed; ``None`` chooses them.
      is_continued: whether the tables come from another run.

    Returns:
      The plan.

    Example:
      >>> plan = make_plan(Config(), np.ones(2), np.array([600_000, 400_000]), 22_400, on_cpu=True)
      >>> plan.tokens_per_step, round(plan.learning_rate, 4)
      (2048, 0.0149)
    """
    micro = max((CPU_PIECE_BYTES if on_cpu else PIECE_BYTES) // bytes_per_block, 1)
    whole = max(CPU_MICRO_BATCH_TOKENS // config.block_length, 1)
    if on_cpu and CPU_PIECES * micro >= whole:
        micro = whole
    if sizes is None:
        sizes = _choose_sizes(config, keep, counts, micro, on_cpu, is_continued)
    blocks = sizes.blocks_per_step
    micro = max(n for n in range(1, micro + 1) if blocks % n == 0)
    return Plan(
        chunk_tokens=sizes.chunk_tokens,
        block_length=config.block_length,
        overlap=config.overlap,
        blocks_per_step=blocks,
        blocks_per_micro_batch=micro,
        pieces=CPU_PIECES if on_cpu and micro == whole > 1 else 1,
        rows_per_pass=CPU_ROWS_PER_PASS if on_cpu else 1 << 30,
        learning_rate=sizes.learning_rate,
        subsample_threshold=config.subsample_threshold,
        negatives_per_block=config.negatives_per_block,
    )


def _choose_sizes(
    config: Config,
    keep: np.ndarray,
    counts: np.ndarray,
    micro: int,
    on_cpu: bool,
    is_continued: bool,
) -> Sizes:
    length = config.block_length - config.overlap
    kept = float((keep * counts).sum())
    tokens = config.tokens_per_step
    if tokens is None:
        wanted = config.epochs * kept / TARGET_STEPS
        wanted = min(max(wanted, SMALLEST_STEP), LARGEST_STEP, max(kept, length))
        tokens = 2 ** math.floor(math.log2(wanted))
    blocks = max(1, min(tokens, math.ceil(kept)) // length)
    pieces = math.ceil(blocks / micro)
    blocks = pieces * math.ceil(blocks / pieces)
    rate = config.learning_rate
    if rate is None:
        steps = max(1, config.epochs * kept / (blocks * length))
        per_token = (config.negatives_per_block or 0) / config.block_length
        rate = choose_learning_rate(steps, config.epochs, config.num_negatives, per_token)
        rate *= CONTINUED if is_continued else 1
    chunk = min(CPU_CHUNK_TOKENS if on_cpu else CHUNK_TOKENS, int(counts.sum()))
    return Sizes(length * math.ceil(chunk / length), blocks, rate)
