"""Which columns of a file of pairs are which."""

import pytest

from jaxw2v import InputError
from jaxw2v.vectors.pair_columns import columns, is_header, number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7.0),
        ("-7.5", -7.5),
        ("7,5", 7.5),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("+2.", 2.0),
        ("", None),
        ("nan", None),
        ("1e999", None),
        ("1_0", None),
        ("7,5,1", None),
        ("\u0667", None),
        ("x7", None),
    ],
)
def test_numbers(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("Word 1|Word 2|Human (mean)", True),
        ("word1|word2|POS|SimLex999", True),
        ("w1|w2|x", True),
        ("a|b|rating", True),
        ("Word 1|Word 2|Human (mean)|1|2|3", True),
        ("word1|word2|score|0-10|50%|2a|inf", True),
        ("cat|dog|7.5", False),
        ("word|term|7.x|human", False),
        ("cat|dog|7.5x", False),
        ("cat|dog|mean|7", False),
    ],
)
def test_headers(line, answer):
    assert is_header(line.split("|")) == answer


def found(lines, header=None, separator="\t"):
    rows = [(number, line.split("|")) for number, line in enumerate(lines, 2)]
    return columns("f", separator, header and (1, header.split("|")), rows)


@pytest.mark.parametrize(
    ("header", "lines", "expected"),
    [
        (None, ["cat|dog|7", "cat|sky|1"], (0, 1, 2)),
        (None, ["cat|dog|n|7", "cat|sky|n|1"], (0, 1, 3)),
        ("id|word1|word2|score", ["1|cat|dog|7", "2|cat|sky|1"], (1, 2, 3)),
        # WordSim-353's set1.tab: the score of each person follows the mean.
        ("Word 1|Word 2|Human (mean)|1|2", ["cat|dog|7.5|9|6", "cat|sky|1|2|0"], (0, 1, 2)),
        ("word1|word2|count|rating", ["cat|dog|12|7", "cat|sky|11|1"], (0, 1, 3)),
        ("word1|word2|sd|value (mean)", ["cat|dog|.2|7", "cat|sky|.3|1"], (0, 1, 3)),
        ("w1|w2|x", ["cat|dog|7", "cat|sky|1"], (0, 1, 2)),
    ],
)
def test_columns_are_found(header, lines, expected):
    assert found(lines, header) == expected


@pytest.mark.parametrize(
    ("header", "lines", "separator", "message"),
    [
        (None, ["cat|dog", "cat|sky"], "\t", "f:2: expected word, word, score separated by tabs"),
        ("word1|word2|score", ["cat|dog|7|8"], "\t", "f:2: has 4 fields separated by tabs, and"),
        ("a|b|sd", ["cat|dog|7"], "\t", "'sd' in the header names no score of likeness"),
        ("w1|w2|score a|score b", ["cat|dog|7|8"], "\t", "any of 'score a', 'score b' may be the"),
        (None, ["cat|dog|7,5", "cat|sky|1.5"], "\t", "f:3: the score is '1.5', and decimals befo"),
        (None, ["cat|dog|1,500", "cat|sky|12"], "\t", "may part thousands or begin decimals"),
        (None, ["cat|dog|7|5", "cat|sky|1|5"], ",", "f:2: commas separate the fields"),
        (None, ["1|cat|dog|7", "1|cat|sky|1", "1|car|bus|1"], "\t", "cannot tell which columns"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(header, lines, separator, message):
    with pytest.raises(InputError, match=message):
        found(lines, header, separator)
