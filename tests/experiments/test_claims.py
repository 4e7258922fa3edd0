"""The experiments that reproduce claims run end to end on little text."""

import json

import numpy as np
import pytest
from scipy import stats

import jaxw2v
from experiments.embedding_is_a_lookup.run import Lookup
from experiments.imdb_sentiment.reviews import draw_labelled, encode, read
from experiments.imdb_sentiment.run import ARMS, Sentiment
from experiments.mikolov_2013.run import Mikolov, split_accuracy
from experiments.pytorch_blog.held_out import HeldOut, blog_pairs, default_pairs, pair_loss
from experiments.pytorch_blog.run import Blog
from experiments.quality_frontier.bootstrap import difference
from experiments.quality_frontier.run import Frontier, every_nth_line, write_rare
from experiments.quality_frontier.sizes import BySize, best_of_each
from experiments.scores import answers, score
from jaxw2v.corpus import Vocabulary, open_corpus
from jaxw2v.vectors import AnalogyScore

pytestmark = pytest.mark.usefixtures("optax_promotes")


@pytest.mark.slow
@pytest.mark.lengthy
def test_embedding_is_a_lookup_smoke(small_folder):
    path, corpus = small_folder / "results.json", str(small_folder / "corpus.txt")
    Lookup(corpus, probe_words=("w1",), results=path, smoke=True).measure()
    results = json.loads(path.read_text())
    for row in results["layers"]:
        assert row["forward"] == 0
        assert 0 < row["backward"] < 1e-5 * row["largest_gradient"]
    assert results["trained"]["hidden_layer_difference"] == 0
    assert results["trained"]["loss_difference"] < 1e-5
    assert len(results["trained"]["neighbors"]["w1"]) == 5
    ways = {(row["way"], row["direction"]) for row in results["cost"]}
    assert len(ways) == 4
    assert (small_folder / "cost.png").exists()


@pytest.mark.slow
@pytest.mark.lengthy
def test_frontier_smoke(small_folder):
    path, corpus = small_folder / "results.json", str(small_folder / "corpus.txt")
    parts = ("epochs", "size")
    Frontier(corpus, small_folder, parts, results=path, smoke=True).measure()
    Frontier(corpus, small_folder, parts[:1], results=path, smoke=True).measure()
    runs = json.loads(path.read_text())["runs"]
    assert sorted(run["part"] for run in runs) == sorted(parts)
    assert all(run["words_per_second"] > 0 for run in runs)


@pytest.mark.slow
@pytest.mark.lengthy
def test_sizes_smoke(small_folder):
    path = small_folder / "sizes.json"
    corpus = small_folder / "corpus.txt"
    BySize(corpus, small_folder, lines=(200,), results=path, smoke=True).measure()
    runs = json.loads(path.read_text())["runs"]
    assert [(run["system"], run["learning_rate"]) for run in runs] == [
        ("jaxw2v", None),
        ("gensim", 0.025),
    ]
    assert {run["raw_words"] for run in runs} == {4_000}
    assert path.with_suffix(".png").stat().st_size > 1_000


def test_gensim_is_taken_at_its_best_rate():
    shared = {"raw_words": 9, "ws353": 0.1, "simlex999": 0.1, "google_analogies": 0.1, "lines": 1}
    shared |= {"objective": "skipgram", "output_layer": "negative_sampling"}
    points = [("gensim", 0.1, 0.2), ("gensim", 0.1, 0.4), ("gensim", 0.2, 0.1), ("jaxw2v", None, 0)]
    runs = [
        {**shared, "system": system, "learning_rate": rate, "mean": mean}
        for system, rate, mean in points
    ]
    found = [(row["system"], row["learning_rate"], row["mean"]) for row in best_of_each(runs)]
    assert found == [("gensim", 0.1, pytest.approx(0.3)), ("jaxw2v", None, 0)]


def test_answers_give_the_scores(tmp_path):
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(60)]
    wv = jaxw2v.WordVectors(
        Vocabulary.from_counts(words, np.arange(60, 0, -1)), rng.normal(size=(60, 3))
    )
    pairs = [
        f"w{a}\tW{b}\t{score:.2f}"
        for a, b, score in zip(*rng.integers(0, 65, (2, 80)), rng.random(80), strict=True)
    ]
    for name in ("ws353", "simlex999"):
        (tmp_path / f"{name}.txt").write_text("\n".join(pairs))
    questions = [
        " ".join(f"w{i}" for i in row)
        for row in rng.permuted(np.tile(np.arange(8), (99, 1)), axis=1)[:, :4]
    ]
    (tmp_path / "questions-words.txt").write_text(": s\n" + "\n".join(questions))
    scores, found = score(wv, tmp_path), answers(wv, tmp_path)
    assert scores["ws353"] == pytest.approx(stats.spearmanr(found["ws353"]).statistic, abs=1e-6)
    assert 0 < scores["google_analogies"] == pytest.approx(np.mean(found["google_analogies"]))
    assert len(found["google_analogies"]) == 99


@pytest.mark.slow
def test_bootstrap_finds_a_difference_and_no_other():
    rng = np.random.default_rng(2)
    human = rng.normal(size=200)
    good, also_good = (human + rng.normal(scale=s, size=200) for s in (0.5, 0.5))
    bad = human + rng.normal(scale=5, size=200)
    runs = [
        [
            {
                **dict.fromkeys(("ws353", "simlex999"), np.stack([cosines, human], 1)),
                "google_analogies": cosines > 0,
            }
        ]
        for cosines in (good, also_good, bad)
    ]
    surely, perhaps = difference(runs[0], runs[2]), difference(runs[0], runs[1])
    assert surely["ws353"][0] > 0.3
    assert surely["ws353"][1] < 1
    assert perhaps["ws353"][0] < 0 < perhaps["ws353"][1]
    assert perhaps["google_analogies"][0] < 0 < perhaps["google_analogies"][1]
    assert difference(runs[2], runs[0])["simlex999"][1] < -0.3


def test_a_smaller_corpus_has_a_vocabulary_of_its_own(tmp_path):
    lines = ["a a a b b b b b c", "a c c c c c c"] * 2
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(lines))
    stream = open_corpus(str(text), jaxw2v.Config(min_count=1))
    part = every_nth_line(stream, 2)
    assert part.vocabulary.words == ("b", "a")
    assert part.vocabulary.counts.tolist() == [10, 6]
    assert part.read(0, 99)[0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0] * 2
    assert part.read(0, 99)[1].tolist() == [0] * 8 + [1] * 8


def test_rare_pairs_and_questions_are_those_with_a_rare_word(tmp_path):
    words = [f"w{i}" for i in range(10_100)]
    counts = np.arange(10_100, 0, -1)
    wv = jaxw2v.WordVectors(Vocabulary.from_counts(words, counts), np.ones((10_100, 2)))
    (tmp_path / "ws353.txt").write_text("w0 w1 3\nw0 w10050 4\nw0 absent 5\n")
    (tmp_path / "simlex999.txt").write_text("w2 w3 3\n")
    (tmp_path / "questions-words.txt").write_text(
        ": s\nw1 w2 w3 w4\nw1 w2 w3 w10000\nw1 w2 w3 absent\n"
    )
    (tmp_path / "rare").mkdir()
    write_rare(wv, tmp_path, tmp_path / "rare")
    found = {path.name: path.read_text() for path in (tmp_path / "rare").iterdir()}
    assert found == {"ws353.txt": "w0 w10050 4", "questions-words.txt": "w1 w2 w3 w10000"}


@pytest.mark.slow
@pytest.mark.lengthy
def test_mikolov_smoke(small_folder):
    path, corpus = small_folder / "results.json", str(small_folder / "corpus.txt")
    questions = small_folder / "questions-words.txt"
    Mikolov(corpus, questions, results=path, smoke=True).measure()
    summary = json.loads(path.read_text())["summary"]
    assert {row["objective"] for row in summary} == {"skipgram", "cbow"}
    assert len({row["subsample_threshold"] for row in summary}) == 2


def test_syntactic_sections_are_those_of_grammar():
    sections = [("capital", 3, 4), ("gram1-adverb", 1, 2), ("gram2", 0, 2), ("total", 4, 8)]
    scores = [AnalogyScore(name, right / all_, right, all_, 0) for name, right, all_ in sections]
    assert split_accuracy(scores) == {"semantic": 0.75, "syntactic": 0.25, "total": 0.5}


@pytest.mark.slow
@pytest.mark.lengthy
def test_blog_smoke(small_folder):
    path, corpus = small_folder / "results.json", str(small_folder / "corpus.txt")
    parts = ("default", "default_slice", "blog_slice")
    Blog(corpus, small_folder, parts, results=path, smoke=True).measure()
    results = json.loads(path.read_text())
    assert results["default_slice"]["tokens"] == results["blog_slice"]["tokens"] == 2_000
    for part in parts:
        losses = [epoch["held_out_loss"] for epoch in results[part]["epochs"]]
        assert len(losses) == 5
        assert all(np.isfinite([loss["blog"], loss["default"]]).all() for loss in losses)


def test_the_blogs_pairs_by_hand():
    rng, keep = np.random.default_rng(0), np.array([1.0, 1, 1, 1, 1, 0])
    assert blog_pairs(np.array([0, 1, 2, 3]), 1, keep, rng).tolist() == [
        [1, 0],
        [1, 2],
        [2, 1],
        [2, 3],
    ]
    # A dropped word takes up room: 1 does not see 2 past it, and it is no center.
    assert blog_pairs(np.array([0, 1, 5, 2]), 1, keep, rng).tolist() == [[1, 0]]
    assert blog_pairs(np.array([0, 1, 2]), 2, keep, rng).shape == (0, 2)
    # In word2vec.c's order it does not.
    assert default_pairs(np.array([1, 5, 2]), 1, keep, rng).tolist() == [[1, 2], [2, 1]]


def test_the_pair_loss_is_that_of_a_loop():
    rng = np.random.default_rng(0)
    inputs, outputs = rng.normal(size=(2, 9, 4)).astype(np.float32)
    held_out = HeldOut(*rng.integers(0, 9, (2, 1_500)), rng.integers(0, 9, (1_500, 3)))
    expected = 0.0
    for center, context, negatives in zip(*held_out, strict=True):
        expected += np.log1p(np.exp(-inputs[center] @ outputs[context]))
        expected += sum(np.log1p(np.exp(inputs[center] @ outputs[k])) for k in negatives)
    np.testing.assert_allclose(pair_loss(inputs, outputs, held_out), expected / 1_500, rtol=1e-5)


def write_reviews(path, rng):
    lines = []
    for number in range(240):
        mood = "good" if number % 2 else "bad"
        words = [*rng.choice([f"w{i}" for i in range(30)], 12), mood, mood]
        lines.append(f"{number % 2}\t{' '.join(rng.permutation(words))}<br />end")
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.slow
@pytest.mark.lengthy
def test_sentiment_smoke(small_folder):
    rng, path = np.random.default_rng(0), small_folder / "results.json"
    for name in ("train.tsv", "test.tsv"):
        write_reviews(small_folder / name, rng)
    Sentiment(
        small_folder / "train.tsv",
        small_folder / "test.tsv",
        str(small_folder / "corpus.txt"),
        small_folder,
        probe_words=("good",),
        results=path,
        smoke=True,
    ).measure()
    results = json.loads(path.read_text())
    assert {row["arm"] for row in results["summary"]} == {arm.name for arm in ARMS}
    learned = {(row["arm"], row["labels"]): row["accuracy"] for row in results["summary"]}
    # The label stands in the text: an embedding that moves finds it.
    assert learned["from scratch", 200] > 0.95
    assert (small_folder / "accuracy.png").exists()


def test_reviews_are_read_encoded_and_drawn(tmp_path):
    (tmp_path / "a.tsv").write_text("1\tGood, good<br />film\n0\tbad\n")
    texts, labels = read(tmp_path / "a.tsv")
    assert texts == ["Good, good film", "bad"]
    vocabulary = Vocabulary.from_counts(["good", "film"], [2, 1])
    assert encode(texts, vocabulary, 4).tolist() == [[0, 0, 1, -1], [-1] * 4]
    assert encode(texts, vocabulary, 2).tolist() == [[0, 0], [-1, -1]]
    labels = np.arange(100) % 2
    learn, choose = draw_labelled(labels, 50, seed=1)
    assert (len(learn), len(choose)) == (40, 10)
    assert not set(learn) & set(choose)
    assert labels[learn].sum() == 20
    assert labels[choose].sum() == 5


def test_a_review_without_a_label_is_refused(tmp_path):
    (tmp_path / "a.tsv").write_text("1\tgood\nbad\n")
    with pytest.raises(jaxw2v.InputError, match=r"a\.tsv:2: expected 0 or 1"):
        read(tmp_path / "a.tsv")
