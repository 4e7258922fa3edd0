"""The same random vectors in both libraries."""

import gzip
import hashlib

import numpy as np
import pytest
from few_words import WORDS
from gensim.models import KeyedVectors

from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.vectors.files import published
from jaxw2v.vectors.files.published import PUBLISHED, Published


@pytest.fixture(scope="module")
def wv():
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)
    return WordVectors(Vocabulary(tuple(WORDS), np.arange(len(WORDS), 0, -1)), vectors)


@pytest.fixture(scope="module")
def peer(wv):
    keyed = KeyedVectors(8)
    keyed.add_vectors(list(wv.words), wv.vectors)
    return keyed


@pytest.fixture
def mine(served, monkeypatch):
    """Vectors under a name, served; and what was asked for."""
    folder, url, requests = served
    (folder / "mine-2.gz").write_bytes(gzip.compress(b"2 2\ncat 1 0\ndog 0.6 0.8\n"))
    md5 = hashlib.md5((folder / "mine-2.gz").read_bytes()).hexdigest()
    monkeypatch.setitem(PUBLISHED, "mine-2", Published(md5, 40, 2, 2, "none", "cats and dogs"))
    monkeypatch.setattr(published, "ADDRESS", f"{url}/{{name}}.gz")
    return requests
