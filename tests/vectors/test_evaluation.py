"""Scores are gensim's."""

import numpy as np
import pytest
from composed_words import composed
from few_words import WORDS

from jaxw2v import InputError
from jaxw2v.cli import main
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity


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


def test_unseen_pairs_are_scored_apart(tmp_path, capsys):
    wv = composed()
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
