import jax
import jax.numpy as jnp
import numpy as np
import pytest
from few_words import WORDS

from jaxw2v import InputError, WordVectors
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity


def test_look_ups(wv):
    assert np.array_equal(wv["w5"], wv.vectors[5])
    assert np.array_equal(wv[["w5", "w0"]], wv.vectors[[5, 0]])
    assert "w5" in wv
    assert "w99" not in wv
    assert len(wv) == len(WORDS)


def test_to_embed_looks_up_the_vectors(wv):
    embed = wv.to_embed()
    ids = jnp.array([[3, 0], [61, 5]])
    assert np.array_equal(embed(ids), wv.vectors[np.asarray(ids)])
    one_hot = jax.nn.one_hot(ids, len(wv))
    product = jnp.einsum("abv,vd->abd", one_hot, wv.vectors, precision="highest")
    np.testing.assert_allclose(embed(ids), product, atol=1e-6)


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
