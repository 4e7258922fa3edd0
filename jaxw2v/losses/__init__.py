"""Pure loss functions.

Array letters: D embedding dimension, B blocks, L tokens in a block, N negatives of a block,
K negatives of a pair.
"""

from jaxw2v.losses.block_negative_sampling import (
    block_negative_sampling_gradients,
    block_negative_sampling_loss,
)
from jaxw2v.losses.negative_sampling import negative_sampling_loss

__all__ = [
    "block_negative_sampling_gradients",
    "block_negative_sampling_loss",
    "negative_sampling_loss",
]
