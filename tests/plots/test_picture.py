"""Pictures of words."""

import matplotlib.image
import numpy as np
import pytest

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.plots import draw_curves, draw_words, project


def test_a_picture(wv, tmp_path):
    count = draw_words(project(wv, wv.words, "pca"), tmp_path / "p.png", "some words")
    assert 20 < count <= 80
    image = matplotlib.image.imread(tmp_path / "p.png")
    assert image.shape[:2] == (990, 1320)
    assert 0.5 < image[..., :3].mean() < 0.999
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_letters_that_no_font_has(tmp_path):
    words = ("\U00012000\U00012001", "b", "c")
    wv = WordVectors(Vocabulary(words, np.array([3, 2, 1])), np.eye(3))
    with pytest.warns(RuntimeWarning, match="no installed font has 2 of the letters"):
        draw_words(project(wv, words, "pca"), tmp_path / "p.png", "some words")
    assert (tmp_path / "p.png").exists()


def test_titles_are_shown_as_they_are(tmp_path):
    wv = WordVectors(Vocabulary(("a", "b", "c"), np.array([3, 2, 1])), np.eye(3))
    draw_words(project(wv, wv.words, "pca"), tmp_path / "p.png", r"run$\foo$")
    folder = tmp_path / r"_$\foo$"
    folder.mkdir()
    (folder / "metrics.jsonl").write_text('{"epoch": 1, "loss": 2.0}\n')
    draw_curves([folder], tmp_path / "c.png")
    thin = WordVectors(wv.vocabulary, np.ones((3, 1)))
    with pytest.raises(InputError, match="one component"):
        project(thin, wv.words, "pca")
    zeros = WordVectors(wv.vocabulary, np.zeros((3, 3)))
    for method in ("pca", "tsne"):
        with pytest.raises(InputError, match="are zero; there is nothing to lay out"):
            project(zeros, wv.words, method)
