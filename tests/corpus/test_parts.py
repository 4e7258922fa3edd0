"""Shards while they are made: counts, the vocabulary that they choose, pairs that are joined."""

import numpy as np
import polars as pl
import pytest

from jaxw2v import InputError, TextSettings
from jaxw2v.corpus import Known, Vocabulary
from jaxw2v.corpus.parts import PARTS, Part, choose_vocabulary, find_pairs, join_parts


def write(folder, number, sentences, spare=()):
    """A part as encoding writes it; a spare word has a code and no token."""
    part, words = Part(folder, number), [word for sentence in sentences for word in sentence]
    (folder / PARTS).mkdir(exist_ok=True)
    known = [*dict.fromkeys(words), *spare]
    np.array([known.index(word) for word in words], np.uint32).tofile(part.file("codes"))
    np.cumsum([len(s) for s in sentences], dtype=np.int64).tofile(part.file("ends"))
    counts = [words.count(word) for word in known]
    pl.DataFrame({"word": known, "count": counts}).write_parquet(part.file("words"))
    return part


@pytest.fixture
def parts(tmp_path):
    first = [["new", "york", "is", "new"], ["york", "new", "york"]]
    second = [["is", "new", "york", "new"], ["york"], ["is", "it", "new", "york"]]
    return [write(tmp_path, 0, first, ["spare"]), write(tmp_path, 1, second)]


def sentences_of(part):
    words = part.words()["word"].to_list()
    codes = np.fromfile(part.file("codes"), np.uint32)
    ends = np.fromfile(part.file("ends"), np.int64)
    return [[words[code] for code in piece] for piece in np.split(codes, ends[:-1])]


def test_the_vocabulary_is_that_of_all_parts(parts):
    found = choose_vocabulary(parts, TextSettings(min_count=2), None)
    assert found.words == ("new", "york", "is")
    assert found.counts.tolist() == [6, 6, 3]
    assert choose_vocabulary(parts, TextSettings(min_count=1, max_vocabulary=2), None).words == (
        "new",
        "york",
    )
    with pytest.raises(InputError, match="no word reaches min_count 9: the most frequent of 4 wor"):
        choose_vocabulary(parts, TextSettings(min_count=9), None)


def test_where_all_words_were_forgotten_more_are_to_be_counted(tmp_path):
    part = write(tmp_path, 0, [["as", "rare", "each"]])
    with (
        pytest.warns(RuntimeWarning, match="a larger --max-counted takes more memory"),
        pytest.raises(InputError, match="all words were forgotten on the way, of which"),
    ):
        choose_vocabulary([part], TextSettings(min_count=1, max_counted=2), None)


@pytest.mark.parametrize(
    ("grow", "most", "words"),
    [
        (False, None, ("is", "none")),
        (True, None, ("is", "none", "new", "york")),
        (True, 3, ("is", "none", "new")),
    ],
)
def test_known_words_keep_their_ids(parts, grow, most, words):
    known = Known(Vocabulary(("is", "none"), np.array([7, 7])), grow=grow)
    settings = TextSettings(min_count=2, max_vocabulary=most)
    found = choose_vocabulary(parts, settings, known)
    assert found.words == words
    assert found.counts.tolist() == [3, 0, 6, 6][: len(words)]


def test_pairs_are_found_within_sentences_and_joined(parts):
    """Of 16 tokens "new york" are four pairs; "york new" are two, and never across an end."""
    settings = TextSettings(phrase_passes=1, phrase_min_count=2, phrase_threshold=0.01)
    pairs = find_pairs(parts, settings)
    (pair,) = pairs.rows()
    assert pair == ("new", "york", pytest.approx((4 - 2) * 16 / (6 * 6)))
    chosen = pairs.select("first", "second")
    before = [sentences_of(part) for part in parts]
    joined = join_parts(parts, chosen)
    expected = [
        [["new_york", "is", "new"], ["york", "new_york"]],
        [["is", "new_york", "new"], ["york"], ["is", "it", "new_york"]],
    ]
    assert [sentences_of(part) for part in joined] == expected
    assert sum(map(len, before[0])) == 7
    words = dict(joined[0].words().select("word", "count").iter_rows())
    assert words == {"new": 1, "york": 1, "is": 1, "spare": 0, "new_york": 2}
    assert not parts[0].file("codes").exists()
    # A pass that was complete is not made again.
    assert [sentences_of(p) for p in join_parts(parts, chosen.clear())] == expected
