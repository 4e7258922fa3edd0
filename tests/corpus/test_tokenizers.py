import re

import polars as pl
import pytest

from jaxw2v import InputError
from jaxw2v.corpus import get_tokenizer

TEXTS = [
    "Don't panic, Zoë: 42 (maybe 43)!",
    'He said "no"; she left.<br />The end?',
    "  tabs\tand  blanks\u00a0here ",
    "हिन्दी में लिखा",
    "",
]


def tokenize(name, text):
    return pl.DataFrame({"t": [text]}).select(get_tokenizer(name)(pl.col("t"))).item().to_list()


def basic_english(line):
    """torchtext's rules, one substitution after another."""
    rules = [
        (r"'", " ' "),
        (r'"', ""),
        (r"\.", " . "),
        (r"<br />", " "),
        (r",", " , "),
        (r"\(", " ( "),
        (r"\)", " ) "),
        (r"!", " ! "),
        (r"\?", " ? "),
        (r";", " "),
        (r":", " "),
        (r"\s+", " "),
    ]
    line = line.lower()
    for pattern, replacement in rules:
        line = re.sub(pattern, replacement, line)
    return line.split()


@pytest.mark.parametrize("text", TEXTS)
def test_names_mean_what_they_say(text):
    assert tokenize("whitespace", text) == text.split()
    assert tokenize("basic_english", text) == basic_english(text)
    assert tokenize("regex:[A-Za-z]+", text) == re.findall("[A-Za-z]+", text)


def test_words_are_lower_case_runs_of_letters_marks_and_digits():
    assert tokenize("words", TEXTS[0]) == ["don", "t", "panic", "zoë", "42", "maybe", "43"]
    assert tokenize("words", TEXTS[3]) == ["हिन्दी", "में", "लिखा"]


@pytest.mark.parametrize("name", ["word", "regex:[", "regex:a*"])
def test_what_is_no_tokenizer_is_refused(name):
    with pytest.raises(InputError, match="tokenizer"):
        get_tokenizer(name)
