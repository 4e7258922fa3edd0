"""Vectors of n-grams beside those of words."""

import numpy as np
import pytest
from composed_words import UNSEEN, composed

from jaxw2v import WordVectors


@pytest.fixture(scope="module")
def wv():
    return composed()


def test_a_folder_keeps_them(wv, tmp_path):
    wv.save(tmp_path / "run")
    found = WordVectors.load(tmp_path / "run")
    np.testing.assert_array_equal(found[UNSEEN], wv[UNSEEN])
    assert WordVectors.load(tmp_path / "run", limit=1)["cat"].tolist() == wv["cat"].tolist()
