"""fastText's binary files: gensim reads ours, we read gensim's, and bad ones are named."""

import struct

import numpy as np
import pytest

from jaxw2v import InputError, WordVectors
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary
from jaxw2v.subwords import Ngrams, share_rows
from jaxw2v.vectors import SubwordVectors, evaluate_similarity
from jaxw2v.vectors.files import fasttext

WORDS = ("banana", "bananas", "naïve", "東京", "a", "cats")
UNSEEN = ["bananarama", "naïvely", "cat", "東京都"]


@pytest.fixture(scope="module")
def wv():
    shared = share_rows(WORDS, Ngrams(2, 4, 1_000))
    draw = np.random.default_rng(0)
    own, rows = (
        draw.normal(size=(n, 5)).astype(np.float32) for n in (len(WORDS), shared.num_shared)
    )
    vocabulary = Vocabulary.from_counts(list(WORDS), [60, 50, 40, 30, 20, 10])
    subwords = SubwordVectors.of_tables(shared, own, rows)
    return WordVectors(vocabulary, shared.vectors_of(own, rows), own[::-1], subwords)


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


def test_a_folder_keeps_them(wv, tmp_path):
    wv.save(tmp_path / "run")
    found = load(tmp_path / "run")
    np.testing.assert_array_equal(found[UNSEEN], wv[UNSEEN])
    assert load(tmp_path / "run", limit=1)["cat"].tolist() == wv["cat"].tolist()


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


def test_what_is_no_text_is_composed_too(wv):
    assert wv["a\ud800b"].shape == (5,)


def test_vectors_without_ngrams_are_refused(wv, tmp_path):
    plain = WordVectors(wv.vocabulary, wv.vectors)
    with pytest.raises(InputError, match="holds vectors of n-grams, and there are none"):
        plain.export(tmp_path / "v.bin", "fasttext-bin")
    assert not list(tmp_path.iterdir())


def test_queries_take_unseen_words(wv):
    assert "bananarama" in wv
    assert "bananarama" not in wv.vocabulary
    assert wv.most_similar("bananarama", topn=2)[0][0] in ("banana", "bananas")
    mixed = wv.similarity(["banana", "cats"], ["bananarama", "cat"])
    expected = [
        wv[a] @ wv[b] / np.linalg.norm(wv[a]) / np.linalg.norm(wv[b])
        for a, b in (("banana", "bananarama"), ("cats", "cat"))
    ]
    np.testing.assert_allclose(mixed, expected, rtol=1e-5)
    # Words are taken at length one, whether they are in the vocabulary or not.
    (near,) = wv.most_similar([["bananarama", "cats"]], topn=1)
    units = [wv[w] / np.linalg.norm(wv[w]) for w in ("bananarama", "cats")]
    others = [pair for pair in wv.similar_by_vector(np.sum(units, 0), topn=6) if pair[0] != "cats"]
    assert near == [(others[0][0], pytest.approx(others[0][1], rel=1e-5))]
    with pytest.raises(KeyError):
        WordVectors(wv.vocabulary, wv.vectors)["bananarama"]


def test_vectors_that_are_assigned_have_no_ngrams(wv):
    other = WordVectors(wv.vocabulary, wv.vectors, None, wv.subwords)
    other.vectors = wv.vectors + 1
    assert "bananarama" not in other


def test_unseen_pairs_are_scored_apart(wv, tmp_path, capsys):
    pairs = [("banana", "bananas"), ("cats", "a"), ("naïve", "東京"), ("cat", "cats")]
    path = tmp_path / "pairs.txt"
    path.write_text("".join(f"{a}\t{b}\t{i}\n" for i, (a, b) in enumerate(pairs)))
    score = evaluate_similarity(wv, path)
    assert (score.pairs, score.missing, score.composed) == (3, 1, 1)
    assert score.spearman_composed != score.spearman
    wv.save(tmp_path / "run")
    assert main(["evaluate", str(tmp_path / "run"), "--similarity", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "3 pairs, 1 left out" in lines[0]
    assert "with words made of n-grams" in lines[1]
    assert "4 pairs, 0 left out" in lines[1]
    assert main(["neighbors", str(tmp_path / "run"), "bananarama"]) == 0
    assert main(["neighbors", str(tmp_path / "run"), "bananarama", "--no-subwords"]) == 2
