"""Which words show what is learned."""

import numpy as np

from jaxw2v.corpus import Vocabulary
from jaxw2v.training.loop.probes import choose_probes


def test_frequent_words_that_are_neither_short_nor_of_grammar():
    words = {
        "which": 90_000,
        "music": 30,
        "cat": 29,
        "1984-5": 28,
        "don't-know": 27,
        "żółtko": 26,
        "river": 25,
        "planet": 24,
    }
    vocabulary = Vocabulary.from_counts(list(words), list(words.values()))
    assert choose_probes(vocabulary) == ("music", "żółtko", "river")


def test_where_there_are_none_none_is_shown():
    assert choose_probes(Vocabulary(("a", "b"), np.array([9, 1]))) == ()
    few = Vocabulary(("the", "music"), np.array([10**6, 3]))
    assert choose_probes(few) == ("music",)
    rare = [f"w{'abcdefghij'[i % 10] * 5}" for i in range(10)]
    many = Vocabulary((*(f"{i:05}" for i in range(10_000)), *rare), np.full(10_010, 1))
    assert choose_probes(many) == ()
