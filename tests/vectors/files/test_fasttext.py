"""fastText's binary files: gensim reads ours, we read gensim's, and bad ones are named."""

import struct

import numpy as np
import pytest
from composed_words import UNSEEN, WORDS, composed

from jaxw2v import InputError, WordVectors
from jaxw2v.subwords import Ngrams
from jaxw2v.vectors.files import fasttext


@pytest.fixture(scope="module")
def wv():
    return composed()


@pytest.fixture
def path(wv, tmp_path):
    wv.export(tmp_path / "v.bin", "fasttext-bin")
    return tmp_path / "v.bin"


def load(path, **options):
    return WordVectors.load(path, show_progress=False, **options)


def assert_same(found, wv, words=(*WORDS, *UNSEEN)):
    np.testing.assert_allclose([found[w] for w in words], wv[list(words)], atol=1e-6)


def test_gensim_reads_ours(wv, path):
    from gensim.models.fasttext import load_facebook_model

    model = load_facebook_model(str(path))
    assert_same(model.wv, wv)
    assert [model.wv.get_vecattr(word, "count") for word in WORDS] == wv.counts.tolist()
    np.testing.assert_allclose(model.syn1neg, wv.output_vectors, atol=1e-6)


def test_we_read_gensims(tmp_path):
    from gensim.models.fasttext import FastText, save_facebook_model

    text = [[*WORDS, "bananas"]] * 20
    model = FastText(text, vector_size=6, min_count=1, bucket=500, min_n=3, max_n=5, epochs=1)
    save_facebook_model(model, str(tmp_path / "theirs.bin"))
    found = load(tmp_path / "theirs.bin")
    assert set(found.words) == set(WORDS)
    assert_same(model.wv, found)
    assert found.counts[found.vocabulary["bananas"]] == 40


def test_we_read_ours(wv, path, monkeypatch):
    monkeypatch.setattr(fasttext, "CHUNK_BYTES", 10)
    monkeypatch.setattr(fasttext, "ROWS_AT_ONCE", 7)
    found = load(path)
    assert (found.words, found.counts.tolist()) == (wv.words, wv.counts.tolist())
    assert_same(found, wv)
    few = load(path, limit=2)
    assert few.words == WORDS[:2]
    assert_same(few, wv, (*WORDS[:2], "bananarama"))
    wv.export(path.with_suffix(".bin.gz"), "fasttext-bin")
    assert_same(load(path.with_suffix(".bin.gz")), wv)


def changed(path, offset, kind, value):
    content = bytearray(path.read_bytes())
    values = value if isinstance(value, tuple) else (value,)
    struct.pack_into(kind, content, offset, *values)
    path.write_bytes(content)


DICTIONARY = 8 + 12 * 4 + 8
MATRIX = DICTIONARY + 28 + sum(len(word.encode()) + 10 for word in WORDS)
OUTPUT = MATRIX + 17 + 4 * 5 * (len(WORDS) + 1_000)


@pytest.mark.parametrize(
    ("offset", "kind", "value", "message"),
    [
        (4, "<i", 11, "is of version 11 of fastText's format, and 12 is read"),
        (8 + 7 * 4, "<i", 3, r"is a classifier of fastText's \(supervised\)"),
        (MATRIX, "<?", True, r"is quantised \(.ftz\), which is not read"),
        (MATRIX + 1, "<q", 7, "is damaged: 7 rows of 5 for 6 words"),
        (DICTIONARY, "<i", 7, "is a classifier"),
        (8, "<i", 0, "is damaged: 6 words of 0 components"),
        (8, "<i", -4, "is damaged: 6 words of -4 components"),
        (DICTIONARY, "<ii", (-1, -1), "is damaged: -1 words of 5 components"),
        (8 + 9 * 4, "<i", 5, "v.bin: is damaged: .* n-grams of 5 to 4 characters"),
        (8 + 8 * 4, "<i", 2**31 - 1, "v.bin: is damaged: 1006 rows of 5 for 6 words"),
        (OUTPUT + 1, "<q", 7, "is damaged: 7 output rows of 5 for 6 words"),
    ],
)
def test_what_cannot_be_read_is_named(path, offset, kind, value, message):
    changed(path, offset, kind, value)
    with pytest.raises(InputError, match=message):
        load(path)


@pytest.mark.parametrize("kept", [6, 60, DICTIONARY + 40, MATRIX + 5, MATRIX + 500, -100, -1])
def test_a_file_cut_short_is_named(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"v\.bin: cut short or damaged"):
        load(path)


def test_a_file_that_goes_on_is_named(path):
    path.write_bytes(path.read_bytes() + b"xxx")
    with pytest.raises(InputError, match="goes on after its last vector"):
        load(path)


def test_a_table_that_cannot_be_there_is_not_asked_memory_for(path):
    changed(path, 8 + 8 * 4, "<i", 2**31 - 1)
    changed(path, MATRIX + 1, "<q", len(WORDS) + 2**31 - 1)
    with pytest.raises(InputError, match=r"v\.bin: cut short or damaged"):
        load(path)


@pytest.mark.parametrize(("shortest", "longest"), [(0, 4), (-1, 4), (2, 2**31 - 1)])
def test_ngrams_of_no_characters_and_of_any_number(path, shortest, longest):
    """As fastText counts: from one character, and as long as the word is."""
    changed(path, 8 + 9 * 4, "<ii", (shortest, longest))
    expected = Ngrams(max(shortest, 1), min(longest, 12), 1_000)
    found = load(path).subwords.ngrams(UNSEEN)
    np.testing.assert_array_equal(found.buckets, expected(UNSEEN).buckets)


def test_a_file_written_of_a_file_is_the_same(wv, path, tmp_path):
    """Output rows too, of the words that are kept."""
    found = load(path)
    found.export(tmp_path / "again.bin", "fasttext-bin")
    assert (tmp_path / "again.bin").read_bytes() == path.read_bytes()
    assert_same(load(path, limit=2).variant("output"), wv.variant("output"), WORDS[:2])


def test_rows_of_a_tree_are_not_those_of_words(path):
    changed(path, 8 + 6 * 4, "<i", fasttext.HIERARCHICAL_SOFTMAX)
    assert load(path).output_vectors is None


def test_vectors_without_ngrams_are_refused(wv, tmp_path):
    plain = WordVectors(wv.vocabulary, wv.vectors)
    with pytest.raises(InputError, match="holds vectors of n-grams, and there are none"):
        plain.export(tmp_path / "v.bin", "fasttext-bin")
    assert not list(tmp_path.iterdir())
