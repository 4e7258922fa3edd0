"""Two dimensions of many."""

import numpy as np
import pytest

from jaxw2v import InputError
from jaxw2v.plots import choose_words, project


def test_pca_is_the_two_largest_singular_vectors(wv):
    words = list(wv.words)
    found = project(wv, words, "pca")
    rows = wv.vectors / np.linalg.norm(wv.vectors, axis=1, keepdims=True)
    rows = rows - rows.mean(0)
    u, s, _ = np.linalg.svd(np.float64(rows), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.places), np.abs(u[:, :2] * s[:2]), atol=1e-5)
    assert found.axes[0] == f"component 1 ({s[0] ** 2 / (s**2).sum():.0%} of variance)"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_clusters_stay_apart(wv, method):
    places = project(wv, wv.words, method).places
    first, second = places[::2], places[1::2]
    apart = np.linalg.norm(first.mean(0) - second.mean(0))
    assert apart > 2 * max(first.std(0).max(), second.std(0).max())
    np.testing.assert_array_equal(places, project(wv, wv.words, method).places)


def test_words_are_chosen(wv, tmp_path):
    assert choose_words(wv, "top-5") == list(wv.words[:5])
    assert len(choose_words(wv, "top-999")) == 80
    path = tmp_path / "words.txt"
    path.write_text("a0 b1\nA2\n b1\n")
    assert choose_words(wv, str(path)) == ["a0", "b1", "a2"]
    for content, message in [("a0 b1 c9", "'c9' is not in the"), ("a0 b1", "names 2 words")]:
        path.write_text(content)
        with pytest.raises(InputError, match=message):
            choose_words(wv, str(path))
    with pytest.raises(InputError, match="No such file or directory; --words takes a file or top-"):
        choose_words(wv, "top")
    with pytest.raises(InputError, match="method is 'umap'"):
        project(wv, wv.words, "umap")
