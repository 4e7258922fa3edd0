"""Vocabularies that are given."""

from encoded import sentences_of

from jaxw2v import Config
from jaxw2v.corpus import Known, open_corpus


def test_a_given_vocabulary_is_kept(tmp_path):
    stream = open_corpus(["a a b c"], Config(min_count=1))
    other = open_corpus(["c b z"], Config(min_count=1), Known(stream.vocabulary))
    assert sentences_of(other) == [[2, 1]]
    assert other.vocabulary.words == ("a", "b", "c")
    assert other.vocabulary.counts.tolist() == [0, 1, 1]


def test_a_known_vocabulary_grows(tmp_path):
    """Old words keep their ids, those that do not occur too; new ones follow by their counts."""
    stream = open_corpus(["a a b c"], Config(min_count=1))
    known, text = Known(stream.vocabulary, grow=True), ["c b z y y x", "y z c"]
    for settings, words, counts in [
        ({"min_count": 2}, "a b c y z", [0, 1, 2, 3, 2]),
        ({"min_count": 1, "max_vocabulary": 4}, "a b c y", [0, 1, 2, 3]),
        ({"min_count": 1, "max_vocabulary": 2}, "a b c", [0, 1, 2]),
    ]:
        other = open_corpus(text, Config(**settings), known)
        assert list(other.vocabulary.words) == words.split()
        assert other.vocabulary.counts.tolist() == counts
    path = tmp_path / "a.txt"
    path.write_text("\n".join(text))
    sizes = {
        len(open_corpus(path, Config(min_count=1), known).vocabulary)
        for known in (None, known, Known(stream.vocabulary))
    }
    assert sizes == {5, 6, 3}
