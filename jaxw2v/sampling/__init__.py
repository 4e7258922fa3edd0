"""Pure functions that turn token ids into blocks, windows and negatives.

Array letters: V vocabulary, B blocks, L tokens in a block, N negatives of a block, W window.
"""

from jaxw2v.sampling.blocks import TokenBlocks, cut_into_blocks
from jaxw2v.sampling.compaction import compact
from jaxw2v.sampling.ids import check_ids
from jaxw2v.sampling.initial_rows import initial_rows
from jaxw2v.sampling.noise import (
    NoiseDistribution,
    finite_table_counts,
    noise_distribution,
    noise_probability,
    sample_noise,
)
from jaxw2v.sampling.random_bits import random_bits, random_integers
from jaxw2v.sampling.subsampling import (
    keep_probability,
    keep_threshold,
    percentile_threshold,
    subsample,
    subsample_pairs,
)
from jaxw2v.sampling.windows import (
    ContextBounds,
    context_bounds,
    effective_windows,
    expected_mask,
    positive_mask,
)

__all__ = [
    "ContextBounds",
    "NoiseDistribution",
    "TokenBlocks",
    "check_ids",
    "compact",
    "context_bounds",
    "cut_into_blocks",
    "effective_windows",
    "expected_mask",
    "finite_table_counts",
    "initial_rows",
    "keep_probability",
    "keep_threshold",
    "noise_distribution",
    "noise_probability",
    "percentile_threshold",
    "positive_mask",
    "random_bits",
    "random_integers",
    "sample_noise",
    "subsample",
    "subsample_pairs",
]
