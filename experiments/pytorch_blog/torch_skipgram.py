"""The blog's algorithm in PyTorch, written from its post: pairs in Python, Adam on whole tables."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from experiments.pytorch_blog.held_out import blog_pairs, lines_of
from jaxw2v import Config
from jaxw2v.corpus import TokenStream
from jaxw2v.training import make_job

LINES_IN_A_BATCH = 100
NOISE_TABLE = 5_000_000


class Trained(NamedTuple):
    """What one epoch gave.

    Attributes:
      inputs: float32 [V, D].
      outputs: float32 [V, D].
      seconds: of training.
      pairs: trained on.
      loss: mean over the pairs (nats a pair, all its negatives counted).
    """

    inputs: np.ndarray
    outputs: np.ndarray
    seconds: float
    pairs: int
    loss: float


def train(stream: TokenStream, config: Config, seed: int) -> Trained:
    """Trains for one epoch.

    Args:
      stream: the corpus.
      config: dimension, window, negatives, percentile and noise exponent.
      seed: of all draws.

    Returns:
      The tables and what was measured.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    rng, counts = np.random.default_rng(seed), stream.vocabulary.counts
    size = len(stream.vocabulary)
    centers = nn.Embedding(size, config.embedding_dim)
    contexts = nn.Embedding(size, config.embedding_dim)
    optimizer = torch.optim.Adam([*centers.parameters(), *contexts.parameters()])
    criterion = nn.BCEWithLogitsLoss()
    keep = make_job(config, counts).keep
    share = counts**config.noise_exponent
    entries = np.maximum(1, np.round(NOISE_TABLE * share / share.sum())).astype(int)
    noise = torch.from_numpy(np.repeat(np.arange(size), entries))
    lines, total, pairs_seen = lines_of(stream), 0.0, 0
    started = time.perf_counter()
    for start in range(0, len(lines), LINES_IN_A_BATCH):
        batch = [
            blog_pairs(line, config.window, keep, rng)
            for line in lines[start : start + LINES_IN_A_BATCH]
        ]
        pairs = torch.from_numpy(np.concatenate(batch).astype(np.int64))
        if len(pairs) == 0:
            continue
        drawn = torch.randint(len(noise), (len(pairs), config.num_negatives))
        candidates = torch.cat([pairs[:, 1:], noise[drawn]], dim=1)
        scores = torch.bmm(contexts(candidates), centers(pairs[:, 0])[:, :, None])[:, :, 0]
        labels = torch.zeros_like(scores)
        labels[:, 0] = 1
        loss = criterion(scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * scores.numel()
        pairs_seen += len(pairs)
    seconds = time.perf_counter() - started
    tables = (table.weight.detach().numpy() for table in (centers, contexts))
    return Trained(*tables, seconds, pairs_seen, total / pairs_seen)
