"""Errors come back whole from another process."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import jaxw2v.errors
from jaxw2v import WordVectors
from jaxw2v.corpus import Vocabulary


def look_up(wv, word):
    return wv[word].tolist()


def fail(name):
    raise getattr(jaxw2v.errors, name)(f"{name}: what, where")


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as workers:
        yield workers


@pytest.mark.slow
def test_a_missing_word_comes_back_from_another_process(pool):
    wv = WordVectors(Vocabulary(("cat", "dog"), np.array([2, 1])), np.array([[1, 0], [1, 0.5]]))
    wv.most_similar("cat")
    assert pool.submit(look_up, wv, "dog").result(60) == [1, 0.5]
    with pytest.raises(
        KeyError, match=r"word 'dogs' is not in .* 2 words; did you mean dog"
    ) as got:
        pool.submit(look_up, wv, "dogs").result(60)
    assert got.value.args == ("dogs",)


@pytest.mark.parametrize("name", ["InputError", "TrainingDiverged", "ProcessLost", "Interrupted"])
def test_each_error_comes_back_from_another_process(pool, name):
    with pytest.raises(getattr(jaxw2v.errors, name), match=f"^{name}: what, where$"):
        pool.submit(fail, name).result(60)
