import re
import unicodedata

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


@pytest.mark.parametrize("name", ["words", "words-1", "words-2"])
def test_words_are_lower_case_runs_of_letters_marks_and_digits(name):
    assert tokenize(name, TEXTS[0]) == ["don", "t", "panic", "zoë", "42", "maybe", "43"]
    assert tokenize(name, TEXTS[3]) == ["हिन्दी", "में", "लिखा"]


PERSIAN, SINHALA, MONGOLIAN = "می\u200cرود", "ශ්\u200dරී", "ᠠ\u180eᠡ"
INVISIBLE_SIGNS = {
    f"{PERSIAN} {SINHALA} {MONGOLIAN}": [PERSIAN, SINHALA, MONGOLIAN],
    "র\u200d্য": ["র\u200d্য"],
    "co\u00adop\u00aderate, w\u2060x, y\ufeffz, \u200fa\u200eb\u202c": [
        "cooperate",
        "wx",
        "yz",
        "ab",
    ],
    "zero\u200bwidth\u200b\u200dspace": ["zero", "width", "space"],
    "a\u200c b\u200d\u00ad. \u200dc \u200c d\u200c\u200d": ["a", "b", "c", "d"],
    "I ❤\ufe0f pizza \ufe0f \ufe0f\u0301x 5\ufe0f\u20e3": ["i", "pizza", "x", "5\ufe0f\u20e3"],
    "👩\u200d❤\ufe0f\u200d👨 👩\u200dmum\u200d👨": ["mum"],
    "Cafe\u0301 \u212bngstro\u0308m \u1112\u1161\u11ab": ["café", "ångström", "한"],
}


@pytest.mark.parametrize("text", INVISIBLE_SIGNS)
def test_words_are_whole_across_what_is_invisible_and_in_nfc(text):
    words = INVISIBLE_SIGNS[text]
    assert tokenize("words", text) == words
    assert words == [unicodedata.normalize("NFC", word) for word in words]


def test_words_1_is_what_words_was_before():
    assert tokenize("words-1", f"{PERSIAN} co\u00adop cafe\u0301 \ufe0fx") == [
        "می",
        "رود",
        "co",
        "op",
        "cafe\u0301",
        "\ufe0fx",
    ]


@pytest.mark.parametrize("name", ["word", "regex:[", "regex:a*"])
def test_what_is_no_tokenizer_is_refused(name):
    with pytest.raises(InputError, match="tokenizer"):
        get_tokenizer(name)
