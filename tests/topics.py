"""Text of two topics, whose words should end up near one another."""

import numpy as np

from jaxw2v import Config, train

CONFIG = Config(embedding_dim=16, min_count=1, epochs=3, subsample_threshold=0.0)


def quiet(corpus, config=CONFIG, **options):
    return train(corpus, config, show_progress=False, **options)


def topic_gap(wv):
    """Mean cosine inside the topics, less that between them."""
    units = wv.vectors / np.linalg.norm(wv.vectors, axis=1, keepdims=True)
    sea = np.array([word.startswith("sea") for word in wv.words])
    cosines = units @ units.T
    off = ~np.eye(len(wv), dtype=bool)
    same = sea[:, None] == sea[None, :]
    return cosines[same & off].mean() - cosines[~same].mean()


def two_topics():
    """Two topics that share no word: words of a topic should end up near one another."""
    rng = np.random.default_rng(0)
    topics = [[f"sea{i}" for i in range(12)], [f"sky{i}" for i in range(12)]]
    return [list(rng.choice(topics[i % 2], 15)) for i in range(800)]
