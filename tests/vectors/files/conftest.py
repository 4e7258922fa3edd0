"""The same vectors of odd words and sizes, ours and gensim's."""

import numpy as np
import pytest
from gensim.models import KeyedVectors
from vector_files import WORDS

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary


@pytest.fixture(scope="module")
def wv():
    rng = np.random.default_rng(0)
    scale = 10.0 ** rng.integers(-12, 12, (len(WORDS), 1))
    vectors = (rng.normal(size=(len(WORDS), 7)) * scale).astype(np.float32)
    vectors[2, :3] = 0, -0.0, np.finfo(np.float32).tiny / 8
    return WordVectors(Vocabulary(WORDS, np.arange(3 * len(WORDS), 0, -3)), vectors)


@pytest.fixture(scope="module")
def peer(wv):
    keyed = KeyedVectors(wv.vectors.shape[1])
    keyed.add_vectors(list(wv.words), wv.vectors)
    return keyed
