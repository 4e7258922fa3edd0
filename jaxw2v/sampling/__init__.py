"""Pure functions that turn token ids into blocks, windows and negatives.

Array letters: V vocabulary, B blocks, L tokens in a block, N negatives of a block, W window.
"""

from jaxw2v.sampling.blocks import TokenBlocks, cut_into_blocks
from jaxw2v.sampling.compaction import compact
from jaxw2v.sampling.noise import NoiseDistribution, noise_distribution, sample_noise
from jaxw2v.sampling.subsampling import keep_probability, keep_threshold, subsample
from jaxw2v.sampling.windows import (
    ContextBounds,
    context_bounds,
    effective_windows,
    positive_mask,
)

__all__ = [
    "ContextBounds",
    "NoiseDistribution",
    "TokenBlocks",
    "compact",
    "context_bounds",
    "cut_into_blocks",
    "effective_windows",
    "keep_probability",
    "keep_threshold",
    "noise_distribution",
    "positive_mask",
    "sample_noise",
    "subsample",
]
