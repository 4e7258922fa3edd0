"""Sentences whose words are as frequent as those of real text."""

import numpy as np


def zipf_sentences(num_words, length, count):
    """Lists of words w0, w1, ... drawn by Zipf's law."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(num_words)]
    chances = 1 / (np.arange(num_words) + 2.7)
    return rng.choice(words, (count, length), p=chances / chances.sum()).tolist()
