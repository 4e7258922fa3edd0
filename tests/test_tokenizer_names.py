"""A name of a tokenizer means what it meant when it was stored."""

import pytest

from jaxw2v.tokenizer_names import LATEST_WORDS, numbered, stored_settings


@pytest.mark.parametrize("name", ["words-1", "words-2", "whitespace", "regex:[a-z]+"])
def test_other_names_stay(name):
    assert numbered(name) == name
    assert stored_settings({"tokenizer": name}) == {"tokenizer": name}


def test_words_is_the_latest_today_and_the_first_in_old_files():
    assert numbered("words") == LATEST_WORDS != "words-1"
    old = {"tokenizer": "words", "window": 5}
    assert stored_settings(old) == {"tokenizer": "words-1", "window": 5}
    assert old["tokenizer"] == "words"
    assert stored_settings({"window": 5}) == {"window": 5}
