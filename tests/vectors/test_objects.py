"""Vectors as objects: changed, copied, sent to other processes."""

import copy
import pickle

import numpy as np
import pytest

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary

NAMES = ("cat", "dog", "sky", "sea")
ROWS = np.array([[1, 0, 2], [1, 0.2, 2], [0, 1, 2], [0.2, 1, 2.5]], np.float32)


def make():
    return WordVectors(Vocabulary(NAMES, np.arange(4, 0, -1)), ROWS)


def test_a_pickled_missing_word_leaves_the_vocabulary_at_home():
    words = tuple(f"word{i}" for i in range(20_000))
    with pytest.raises(KeyError) as got:
        Vocabulary(words, np.ones(20_000, np.int64))["wor1"]
    sent = pickle.dumps(got.value)
    assert len(sent) < 1_000
    assert str(pickle.loads(sent)) == str(got.value) == str(copy.copy(got.value))


def test_queries_see_assigned_vectors():
    wv = make()
    before = wv.most_similar("cat", topn=3), wv.distances("cat")
    wv.vectors = wv.vectors - wv.vectors.mean(0)
    fresh = WordVectors(wv.vocabulary, ROWS - ROWS.mean(0))
    assert wv.most_similar("cat", topn=3) == fresh.most_similar("cat", topn=3) != before[0]
    np.testing.assert_array_equal(wv.distances("cat"), fresh.distances("cat"))
    assert wv.similarity("cat", "dog") == pytest.approx(wv.most_similar("cat")[0][1])
    for wrong in (ROWS[:3], ROWS * np.float32(np.nan)):
        with pytest.raises(InputError, match="vectors"):
            wv.vectors = wrong
    assert wv.most_similar("cat", topn=3) == fresh.most_similar("cat", topn=3)


def loaded(folder):
    make().save(folder)
    make().export(folder / "v.txt", "glove")
    yield WordVectors.load(folder)
    yield WordVectors.load(folder / "v.txt", show_progress=False)


def test_vectors_cannot_be_changed_in_place(tmp_path):
    sent = pickle.loads(pickle.dumps(make()))
    for wv in (make(), sent, copy.copy(make()), copy.deepcopy(make()), *loaded(tmp_path)):
        before = wv.most_similar("cat")
        for change in (
            lambda wv=wv: wv.vectors.__setitem__(0, 9),
            lambda wv=wv: wv.vectors.__isub__(1),
            lambda wv=wv: wv["cat"].__imul__(2),
        ):
            with pytest.raises(ValueError, match="read-only"):
                change()
        assert wv.most_similar("cat") == before


def test_the_array_that_was_given_stays_the_callers():
    for given in (ROWS.copy(), ROWS.astype(np.float64), np.asfortranarray(ROWS)):
        wv = WordVectors(Vocabulary(NAMES, np.arange(4, 0, -1)), given)
        before = wv.most_similar("cat")
        given[:] = -given[::-1]
        np.testing.assert_array_equal(wv.vectors, ROWS)
        assert wv.most_similar("cat") == before


def test_loaded_vectors_are_not_copied(tmp_path):
    for wv in loaded(tmp_path):
        again = WordVectors(wv.vocabulary, wv.vectors)
        assert np.shares_memory(again.vectors, wv.vectors)


def test_a_cpu_device_uses_the_vectors_of_a_folder_where_they_lie(tmp_path):
    wv = next(loaded(tmp_path))
    assert wv._table.unsafe_buffer_pointer() == wv.vectors.ctypes.data


def test_a_copy_leaves_the_device_table_behind():
    wv = make()
    fresh = pickle.dumps(wv)
    wv.most_similar("cat")
    assert len(pickle.dumps(wv)) < len(fresh) + 500
    other = copy.copy(wv)
    other.vectors = -ROWS[::-1]
    assert wv.most_similar("cat") == make().most_similar("cat")


def test_words_that_stand_twice_are_refused():
    with pytest.raises(InputError, match="'a' stands twice"):
        WordVectors(Vocabulary(("a", "b", "a"), np.array([3, 2, 1])), np.eye(3))


def test_output_vectors_are_checked_when_assigned():
    wv = make()
    wv.output_vectors = ROWS
    assert not wv.output_vectors.flags.writeable
    assert not pickle.loads(pickle.dumps(wv)).output_vectors.flags.writeable
    for wrong, message in ((np.ones((5, 3)), "expected \\(4, D\\)"), (ROWS * np.nan, "not finite")):
        with pytest.raises(InputError, match=f"output_vectors.*{message}"):
            wv.output_vectors = wrong
    wv.output_vectors = None
    assert wv.output_vectors is None


@pytest.mark.parametrize(
    ("words", "counts", "message"),
    [
        (("a", "b"), np.array([2, -1]), "whole numbers from 0"),
        (("a", "b"), np.array([2, 1.5]), "whole numbers from 0"),
        (("a", "b"), np.array([2, 1, 0]), "expected 2 whole numbers"),
        (("a", "\ud800"), np.array([2, 1]), "half of a surrogate pair"),
        (("a", 7), np.array([2, 1]), "7 is no string"),
    ],
)
def test_what_no_file_can_hold_is_refused_when_saved(tmp_path, words, counts, message):
    wv = WordVectors(Vocabulary(words, counts), np.eye(2))
    with pytest.raises(InputError, match=message):
        wv.save(tmp_path / "v")
    assert not (tmp_path / "v" / "vectors.safetensors").exists()
    if "counts" not in message and words[1] != "b":
        with pytest.raises(InputError, match=message):
            wv.export(tmp_path / "v.txt", "glove")


def test_counts_may_be_a_list(tmp_path):
    WordVectors(Vocabulary(("a", "b"), [2, 1]), np.eye(2)).save(tmp_path / "v")
    assert WordVectors.load(tmp_path / "v").counts.tolist() == [2, 1]


def test_pickles_of_the_version_before_are_read():
    wv, old = make(), make().__getstate__()
    old["output_vectors"] = old.pop("_output_vectors")
    there = WordVectors.__new__(WordVectors)
    there.__setstate__(old)
    assert there.output_vectors is None
    np.testing.assert_array_equal(there.vectors, wv.vectors)
