"""Two clusters of words."""

import numpy as np
import pytest
from strange_words import STRANGE

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary


@pytest.fixture(scope="module")
def wv():
    """Two clusters of 40 words."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(2, 20))
    words = [f"{'ab'[i % 2]}{i}" for i in range(80 - len(STRANGE))] + list(STRANGE)
    vectors = centers[np.arange(80) % 2] + 0.3 * rng.normal(size=(80, 20))
    return WordVectors(Vocabulary(tuple(words), np.arange(80, 0, -1)), vectors)
