import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gensim.models import KeyedVectors

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity, neighbors

WORDS = [f"w{i}" for i in range(60)] + ["naïve", "東京"]


@pytest.fixture(scope="module")
def wv():
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)
    return WordVectors(Vocabulary(tuple(WORDS), np.arange(len(WORDS), 0, -1)), vectors)


@pytest.fixture(scope="module")
def peer(wv):
    keyed = KeyedVectors(8)
    keyed.add_vectors(list(wv.words), wv.vectors)
    return keyed


def assert_same(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([s for _, s in ours], [s for _, s in theirs], atol=1e-5)


QUERIES = [("w3", ()), (["w1", "w2"], ()), (["w1", "w2"], ["w3"]), ((), ["w9"]), ("東京", "naïve")]


@pytest.mark.parametrize(("positive", "negative"), QUERIES)
def test_most_similar_is_gensims(wv, peer, positive, negative):
    theirs = peer.most_similar(positive=positive or None, negative=negative or None, topn=7)
    assert_same(wv.most_similar(positive, negative, topn=7), theirs)


def test_many_queries_are_answered_in_one_call(wv, monkeypatch):
    plus = [["w1"], ["w2", "w3"], ["w4", "w5"], "w6"]
    minus = [[], ["w7"], [], ["w8"]]
    one_by_one = [
        wv.most_similar([p] if isinstance(p, str) else p, m, 5)
        for p, m in zip(plus, minus, strict=True)
    ]
    together = wv.most_similar(plus, minus, 5)
    for ours, alone in zip(together, one_by_one, strict=True):
        assert_same(ours, alone)
    monkeypatch.setattr(neighbors, "SCORES_AT_ONCE", 1)
    for ours, alone in zip(wv.most_similar(plus, minus, 5), one_by_one, strict=True):
        assert_same(ours, alone)


def test_similarity_and_look_ups(wv, peer):
    assert wv.similarity("w1", "w2") == pytest.approx(peer.similarity("w1", "w2"), abs=1e-6)
    assert np.array_equal(wv["w5"], wv.vectors[5])
    assert np.array_equal(wv[["w5", "w0"]], wv.vectors[[5, 0]])
    assert "w5" in wv
    assert "w99" not in wv
    assert len(wv) == len(WORDS)
    with pytest.raises(KeyError, match="did you mean"):
        wv["w6O"]


def test_analogies_are_the_formulas(wv, peer):
    assert_same(
        wv.analogy("w1", "w2", "w3", topn=4), peer.most_similar(["w2", "w3"], ["w1"], topn=4)
    )
    theirs = peer.most_similar_cosmul(["w2", "w3"], ["w1"], topn=4)
    assert_same(wv.analogy("w1", "w2", "w3", topn=4, method="3cosmul"), theirs)


def test_what_cannot_be_asked(wv):
    for call in (
        lambda: wv.most_similar(),
        lambda: wv.most_similar([[], ["w1"]], [[], []]),
        lambda: wv.most_similar([["w1"]], [["w1"], ["w2"]]),
        lambda: wv.most_similar("w1", topn=0),
        lambda: wv.analogy("w1", "w2", "w3", method="other"),
    ):
        with pytest.raises(InputError):
            call()
    assert len(wv.most_similar("w1", topn=10_000)) == len(wv) - 1


def test_a_zero_vector_is_near_nothing():
    wv = WordVectors(Vocabulary(("a", "b"), np.array([2, 1])), np.array([[0.0, 0], [1, 1]]))
    assert wv.most_similar("a") == [("b", 0.0)]
    assert wv.similarity("a", "b") == 0


def test_to_embed_looks_up_the_vectors(wv):
    embed = wv.to_embed()
    ids = jnp.array([[3, 0], [61, 5]])
    assert np.array_equal(embed(ids), wv.vectors[np.asarray(ids)])
    one_hot = jax.nn.one_hot(ids, len(wv))
    product = jnp.einsum("abv,vd->abd", one_hot, wv.vectors, precision="highest")
    np.testing.assert_allclose(embed(ids), product, atol=1e-6)


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_our_files_and_we_read_gensims(wv, peer, tmp_path, binary):
    wv.save_word2vec(tmp_path / "ours", binary)
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "ours", binary=binary)
    assert tuple(theirs.index_to_key) == wv.words
    assert np.array_equal(theirs.vectors, wv.vectors)
    peer.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
    ours = WordVectors.load_word2vec(tmp_path / "theirs", binary)
    assert ours.words == wv.words
    np.testing.assert_allclose(ours.vectors, wv.vectors, rtol=1e-6)


def test_a_folder_reads_back(wv, tmp_path):
    both = WordVectors(wv.vocabulary, wv.vectors, wv.vectors * 2)
    both.save(tmp_path / "f")
    again = WordVectors.load(tmp_path / "f")
    assert again.words == wv.words
    assert np.array_equal(again.vectors, wv.vectors)
    assert np.array_equal(again.output_vectors, wv.vectors * 2)
    assert np.array_equal(again.counts, wv.counts)
    assert {p.name for p in (tmp_path / "f").iterdir()} == {"vectors.safetensors", "vocabulary.tsv"}


def test_vectors_that_do_not_lie_row_by_row_are_saved_as_they_are(wv, tmp_path):
    for vectors in (wv.vectors[:, :5], np.asfortranarray(wv.vectors), wv.vectors[:, ::-1]):
        WordVectors(wv.vocabulary, vectors, vectors).save(tmp_path)
        assert np.array_equal(WordVectors.load(tmp_path).vectors, vectors)
        assert np.array_equal(WordVectors.load(tmp_path).output_vectors, vectors)


def damage(folder, name, change):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("vectors.safetensors", lambda b: b[:-100], "cut short"),
        ("vectors.safetensors", lambda b: b[:5], "cut short"),
        ("vectors.safetensors", lambda b: b[:-4] + np.float32("nan").tobytes(), "row 61"),
        ("vocabulary.tsv", lambda b: b[:-30], "vocabulary|expected|shape"),
        ("vocabulary.tsv", lambda b: b"".join(b.splitlines(True)[:-1]), "a row a word"),
        ("vocabulary.tsv", lambda b: b + b.splitlines(True)[0], "twice"),
    ],
)
def test_a_damaged_folder_is_refused(wv, tmp_path, name, change, message):
    wv.save(tmp_path)
    damage(tmp_path, name, change)
    with pytest.raises(InputError, match=message):
        WordVectors.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: expected a header"),
        (b"word 1 2\n", ":1: expected a header"),
        (b"2 0\n", ":1: expected a header"),
        (b"2 2\na 1 2\n", "cut short"),
        (b"9999999999 300\na 1 2\n", "cut short"),
        (b"2 2\na 1 2\nb 1\n        ", ":3: expected a word and 2 numbers, got 1"),
        (b"2 2\na 1 2\nb 1 x\n", ":3: holds something that is not a number"),
        (b"2 2\na 1 2\nb 1 nan\n", "row 1 holds a number that is not finite"),
        (b"1 2\na 1 2\nb 1 2\n", "goes on"),
        (b"2 2\na 1 2\na 1 2\n", "twice"),
        (b"2 2\n\xff 1 2\na 1 2\n", "word 1 is not UTF-8"),
    ],
)
def test_a_damaged_text_file_is_refused(tmp_path, content, message):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        WordVectors.load_word2vec(tmp_path / "v.txt")


def test_a_binary_file_cut_short_is_refused(wv, tmp_path):
    wv.save_word2vec(tmp_path / "v.bin", binary=True)
    damage(tmp_path, "v.bin", lambda b: b[:-20])
    with pytest.raises(InputError, match="cut short"):
        WordVectors.load_word2vec(tmp_path / "v.bin", binary=True)


def test_a_word_with_a_blank_cannot_be_exported(tmp_path):
    wv = WordVectors(Vocabulary(("new york",), np.array([1])), np.ones((1, 2)))
    with pytest.raises(InputError, match="white space"):
        wv.save_word2vec(tmp_path / "v.txt")
    assert not list(tmp_path.iterdir())


def test_similarity_score_is_gensims(wv, peer, tmp_path):
    rng = np.random.default_rng(1)
    lines = [f"{a}\t{b}\t{rng.uniform(0, 10):.2f}" for a, b in rng.choice(WORDS, (40, 2))]
    path = tmp_path / "pairs.txt"
    path.write_text("\n".join([*lines, "W1\tmissing\t3.0", "# a comment", ""]), encoding="utf-8")
    ours = evaluate_similarity(wv, path)
    _, theirs, missing = peer.evaluate_word_pairs(str(path))
    assert ours.spearman == pytest.approx(theirs.statistic, abs=1e-6)
    assert (ours.pairs, ours.missing) == (40, 1)
    assert missing == pytest.approx(100 / 41)


def write_questions(wv, path, method):
    rng = np.random.default_rng(2)
    lines = []
    for section in ("one", "two"):
        lines.append(f": {section}")
        for a, b, c in rng.choice(WORDS[:40], (30, 3)):
            right = wv.analogy(a, b, c, method=method)[0][0]
            lines.append(f"{a} {b.upper()} {c} {right if rng.random() < 0.5 else 'w7'}")
    path.write_text("\n".join([*lines, "w1 w2 w3 missing"]), encoding="utf-8")
    return [line.lower().split() for line in lines if line[0] != ":"]


def test_analogy_score_is_gensims(wv, peer, tmp_path):
    path = tmp_path / "questions.txt"
    questions = write_questions(wv, path, "3cosadd")
    total, sections = peer.evaluate_word_analogies(str(path), restrict_vocab=50)
    ours = evaluate_analogies(wv, path, restrict=50)
    assert [s.section for s in ours] == ["one", "two", "total"]
    for score, theirs in zip(ours[:2], sections, strict=False):
        assert score.correct == len(theirs["correct"])
        assert score.questions == len(theirs["correct"]) + len(theirs["incorrect"])
    assert ours[-1].accuracy == pytest.approx(total)
    assert 0.2 < ours[-1].accuracy < 1
    outside = sum(max(map(WORDS.index, words)) >= 50 for words in questions)
    assert ours[-1].missing == 1 + outside


def test_products_score_as_gensims_answers(wv, peer, tmp_path):
    path = tmp_path / "questions.txt"
    correct = sum(
        peer.most_similar_cosmul([b, c], [a], topn=1)[0][0] == d
        for a, b, c, d in write_questions(wv, path, "3cosmul")
    )
    ours = evaluate_analogies(wv, path, restrict=len(WORDS), method="3cosmul")[-1]
    assert (ours.correct, ours.questions, ours.missing) == (correct, 60, 1)
    assert 0 < correct < 60


def test_wrong_evaluation_files_are_refused(wv, tmp_path):
    path = tmp_path / "f.txt"
    for content, function, message in [
        ("a b 1\nc d\n", evaluate_similarity, "f.txt:2"),
        ("", evaluate_similarity, "no word pair"),
        (": s\na b c\n", evaluate_analogies, "f.txt:2"),
        ("", evaluate_analogies, "no question"),
    ]:
        path.write_text(content)
        with pytest.raises(InputError, match=message):
            function(wv, path)
    with pytest.raises(InputError, match="No such file"):
        evaluate_similarity(wv, tmp_path / "missing.txt")
