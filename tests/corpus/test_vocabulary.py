import numpy as np
import pytest

from jaxw2v import InputError
from jaxw2v.corpus import Vocabulary


def test_a_saved_vocabulary_reads_back_and_can_be_read_by_a_person(tmp_path):
    vocabulary = Vocabulary.from_counts(["b", "a", "ü x", "rare"], [5, 5, 9, 1], min_count=2)
    vocabulary.save(tmp_path / "v.tsv")
    assert (tmp_path / "v.tsv").read_text(encoding="utf-8") == "ü x\t9\na\t5\nb\t5\n"
    again = Vocabulary.load(tmp_path / "v.tsv")
    assert again.words == vocabulary.words
    assert np.array_equal(again.counts, vocabulary.counts)


def test_max_size_keeps_the_most_frequent():
    assert Vocabulary.from_counts(list("abc"), [1, 3, 2], max_size=2).words == ("b", "c")


@pytest.mark.parametrize("line", ["a", "a\t", "a\tx", "\t3", "a\t-1", "a b 3"])
def test_a_wrong_line_is_named(tmp_path, line):
    (tmp_path / "v.tsv").write_text(f"fine\t3\n{line}\n")
    with pytest.raises(InputError, match=r"v\.tsv:2"):
        Vocabulary.load(tmp_path / "v.tsv")


def test_a_missing_word_gets_suggestions():
    vocabulary = Vocabulary.from_counts(["king", "queen"], [2, 1])
    with pytest.raises(KeyError, match="did you mean king"):
        vocabulary["kink"]
    with pytest.raises(KeyError, match="did you mean queen"):
        vocabulary["Queen"]


def test_case_is_folded_word_by_word():
    """As gensim: one word in upper case turns nothing off, and the more frequent form answers."""
    vocabulary = Vocabulary.from_counts(["paris", "US", "us", "UNK", "Rome"], [9, 8, 7, 6, 5])
    asked = ["Paris", "PARIS", "us", "US", "Us", "unk", "rome", "ROME", "Oslo"]
    assert [vocabulary.fold(word) for word in asked] == [
        *("paris", "paris", "us", "US", "US", "UNK", "Rome", "Rome", "Oslo")
    ]
