"""Text, and vectors of some of its words."""

import numpy as np
import pytest
from zipf import zipf_sentences

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(300, 20, 300)


@pytest.fixture(scope="module")
def pretrained():
    """Vectors of every third word, and of some that the text has not."""
    words = [f"w{i}" for i in range(0, 300, 3)] + ["none", "nowhere"]
    vectors = np.random.default_rng(1).normal(size=(len(words), 6))
    return WordVectors(Vocabulary(tuple(words), np.arange(len(words), 0, -1)), vectors)
