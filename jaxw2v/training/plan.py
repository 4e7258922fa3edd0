"""Sizes of a run, chosen from the corpus, the settings and the backend before it starts."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from jaxw2v.config import Config

CHUNK_TOKENS = 1 << 22
# Measured on 14.6 M words (experiments/gensim_comparison): 1,700 steps of 32,768 tokens score
# higher than 850 of 65,536, and are as fast.
TARGET_STEPS = 1_500
SMALLEST_STEP, LARGEST_STEP = 256, 65_536
LEARNING_RATE_AT_32768 = 0.02
# Adam moves a component by at most the learning rate a step: with few steps, longer ones.
SHORTEST_PATH, LARGEST_LEARNING_RATE = 10.0, 0.05
# On a CPU a chunk is memory, on a GPU it hides the time between dispatches.
CPU_CHUNK_TOKENS = 1 << 20
# On a CPU, rows of this many tokens stay in cache between the products of a micro-batch.
CPU_MICRO_BATCH_TOKENS = 2_048
CPU_ROWS_PER_PASS = 2_048


@dataclasses.dataclass(frozen=True)
class Plan:
    """Static sizes of the training step.

    Attributes:
      chunk_tokens: tokens of the stream handed to the device at once.
      block_length: L, tokens in a block.
      blocks_per_step: B, blocks in an optimizer step.
      blocks_per_micro_batch: blocks whose gradients are computed at once; divides B.
      negatives_per_block: N, negatives drawn for a block.
      rows_per_pass: table rows the optimizer handles at once.
      learning_rate: step size at the start.
    """

    chunk_tokens: int
    block_length: int
    blocks_per_step: int
    blocks_per_micro_batch: int
    negatives_per_block: int
    rows_per_pass: int
    learning_rate: float

    @property
    def tokens_per_step(self) -> int:
        """Kept tokens in one optimizer step."""
        return self.blocks_per_step * self.block_length


def make_plan(config: Config, keep: np.ndarray, counts: np.ndarray, on_cpu: bool) -> Plan:
    """Chooses the sizes.

    Args:
      config: the settings; what is None there is chosen here.
      keep: float [V], keep probability of each word.
      counts: int [V], occurrences.
      on_cpu: whether the step runs on a CPU, which wants work in cache-sized pieces.

    Returns:
      The plan.

    Example:
      >>> plan = make_plan(Config(), np.ones(2), np.array([600_000, 400_000]), on_cpu=True)
      >>> plan.tokens_per_step, round(plan.learning_rate, 4)
      (2048, 0.005)
    """
    length = config.block_length
    kept = float((keep * counts).sum())
    tokens = config.tokens_per_step
    if tokens is None:
        wanted = config.epochs * kept / TARGET_STEPS
        wanted = min(max(wanted, SMALLEST_STEP), LARGEST_STEP, max(kept, length))
        tokens = 2 ** math.floor(math.log2(wanted))
    blocks = max(1, min(tokens, math.ceil(kept)) // length)
    micro = min(blocks, max(1, CPU_MICRO_BATCH_TOKENS // length)) if on_cpu else blocks
    blocks = micro * max(1, round(blocks / micro))
    rate = config.learning_rate
    if rate is None:
        steps = max(1, config.epochs * kept / (blocks * length))
        rate = LEARNING_RATE_AT_32768 * math.sqrt(blocks * length / 32_768)
        rate = min(max(rate, SHORTEST_PATH / steps), LARGEST_LEARNING_RATE)
    chunk = min(CPU_CHUNK_TOKENS if on_cpu else CHUNK_TOKENS, int(counts.sum()))
    return Plan(
        chunk_tokens=length * math.ceil(chunk / length),
        block_length=length,
        blocks_per_step=blocks,
        blocks_per_micro_batch=micro,
        negatives_per_block=config.negatives_per_block,
        rows_per_pass=CPU_ROWS_PER_PASS if on_cpu else 1 << 30,
        learning_rate=rate,
    )
