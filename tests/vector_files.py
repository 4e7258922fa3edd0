"""Loads files of vectors quietly and compares what was loaded."""

import numpy as np

from jaxw2v import WordVectors

WORDS = ("the", "naïve", "東京", "1984", '"', "#", "nan", "null", "x\xa0y", "don't", "e5", "-")


def load(path, **options):
    return WordVectors.load(path, show_progress=False, **options)


def assert_same(found, expected):
    assert found.words == expected.words
    np.testing.assert_array_equal(found.vectors, expected.vectors)


def binary_file(rows, promised, end=b""):
    lines = [w.encode() + b" " + np.array(v, "<f4").tobytes() + end for w, v in rows]
    return b"%d 3\n" % promised + b"".join(lines)


ROWS = [("the", [1, 2, 3]), ("cat", [4, 5, 6]), ("dog", [7, 8, 9])]
