"""The card beside vectors that are to be published."""

import numpy as np
import pytest
from model2vec import StaticModel

from jaxw2v import WordVectors
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary


@pytest.fixture
def wv():
    return WordVectors(Vocabulary(("cat", "dog"), [2, 1]), np.eye(2, 3))


def test_a_card_says_what_the_vectors_are(wv, tmp_path):
    wv.export(tmp_path / "m", "static-embedding", "whitespace", ["5 epochs of 2 M words"])
    card = (tmp_path / "m" / "README.md").read_text()
    assert "2 vectors of 3 components" in card
    assert "the tokenizer `whitespace`" in card
    assert "\n- 5 epochs of 2 M words\n" in card
    assert "license:" in card
    assert StaticModel.from_pretrained(tmp_path / "m").encode("cat dog").shape == (3,)


def test_a_card_that_is_there_stays(wv, tmp_path):
    for _ in range(2):
        wv.export(tmp_path / "m", "static-embedding")
        card = tmp_path / "m" / "README.md"
        assert card.read_text().startswith("---\n")
        card.write_text("---\nlicense: cc-by-4.0\n---\nmine\n")
        wv.export(tmp_path / "m", "static-embedding")
        assert card.read_text() == "---\nlicense: cc-by-4.0\n---\nmine\n"
        card.unlink()


def test_export_of_what_is_no_run_says_where_the_card_is(wv, tmp_path, capsys):
    wv.export(tmp_path / "v.txt", "word2vec-text")
    out = str(tmp_path / "m")
    assert (
        main(["export", str(tmp_path / "v.txt"), "--format", "static-embedding", "--out", out]) == 0
    )
    assert f"{out}/README.md: add the text" in capsys.readouterr().out


def test_a_card_that_is_a_link_to_nothing_is_not_written_through(wv, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "README.md").symlink_to(tmp_path / "elsewhere")
    wv.export(tmp_path / "m", "static-embedding")
    assert not (tmp_path / "elsewhere").exists()


def test_a_card_has_the_scores_that_evaluate_prints(tmp_path, capsys):
    words = ("cat", "dog", "car", "bus")
    wv = WordVectors(Vocabulary(words, [4, 3, 2, 1]), np.array([[1, 0], [1, 0.5], [0, 1], [-1, 1]]))
    wv.export(tmp_path / "v.txt", "word2vec-text")
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("cat\tdog\t9\ncat\tcar\t2\ndog\tcar\t3\ncat\tbus\t2.5\ncat\tcow\t5\n")
    sets = ["--similarity", str(pairs)]
    assert main(["evaluate", str(tmp_path / "v.txt"), *sets]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split() == ["pairs.tsv", "Spearman", "0.800", "4", "pairs,", "1", "left", "out"]
    out = tmp_path / "m"
    export = ["export", str(tmp_path / "v.txt"), *sets, "--out"]
    assert main([*export, str(out), "--format", "static-embedding"]) == 0
    assert f"\n- `{' '.join(line.split())}`\n" in (out / "README.md").read_text()
    questions = tmp_path / "q.txt"
    questions.write_text(": pets\ncat dog car bus\n: others\ncat car dog bus\n")
    export += [str(tmp_path / "n"), "--format", "static-embedding", "--analogies", str(questions)]
    assert main(export) == 0
    card = (tmp_path / "n" / "README.md").read_text()
    assert "`analogies, total accuracy" in card
    assert "pets" not in card
    export = export[: export.index("--out") + 1]
    assert main([*export, str(tmp_path / "w.txt"), "--format", "glove"]) == 2
    assert "scores are written with static-embedding only" in capsys.readouterr().err
    assert not (tmp_path / "w.txt").exists()
