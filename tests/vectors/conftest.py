"""The same random vectors in both libraries."""

import numpy as np
import pytest
from few_words import WORDS
from gensim.models import KeyedVectors

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary


@pytest.fixture(scope="module")
def wv():
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)
    return WordVectors(Vocabulary(tuple(WORDS), np.arange(len(WORDS), 0, -1)), vectors)


@pytest.fixture(scope="module")
def peer(wv):
    keyed = KeyedVectors(8)
    keyed.add_vectors(list(wv.words), wv.vectors)
    return keyed
