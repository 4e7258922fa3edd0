"""Pictures and pages of words, and loss curves."""

import itertools
import json
import re

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from jaxw2v import InputError, WordVectors
from jaxw2v.cli import main
from jaxw2v.corpus import Vocabulary
from jaxw2v.plots import choose_words, draw_curves, draw_words, project, write_page
from jaxw2v.plots.labels import add_labels

STRANGE = ("</script><b>x", "$x^2$", "a_b", "naïve", "&amp;", '"q"')


@pytest.fixture(scope="module")
def wv():
    """Two clusters of 40 words."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(2, 20))
    words = [f"{'ab'[i % 2]}{i}" for i in range(80 - len(STRANGE))] + list(STRANGE)
    vectors = centers[np.arange(80) % 2] + 0.3 * rng.normal(size=(80, 20))
    return WordVectors(Vocabulary(tuple(words), np.arange(80, 0, -1)), vectors)


def boxes(ax, labels):
    renderer = ax.figure.canvas.get_renderer()
    return [Text.get_window_extent(label, renderer) for label in labels]


@pytest.mark.slow
@pytest.mark.parametrize("crowded", [1.0, 0.1])
def test_labels_cover_neither_one_another_nor_other_points(crowded):
    rng = np.random.default_rng(0)
    places = rng.normal(size=(120, 2)) * [1, crowded]
    words = ["".join(rng.choice(list("abcdefgh"), rng.integers(1, 14))) for _ in places]
    figure = Figure((6, 4), dpi=100)
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    ax.scatter(*places.T)
    ax.set_ylim(-3, 3)
    figure.draw_without_rendering()
    labels = add_labels(ax, places, words, 7)
    assert 30 < len(labels) <= 120
    found = boxes(ax, labels)
    for one, other in itertools.combinations(found, 2):
        assert not one.overlaps(other)
    dots = ax.transData.transform(places)
    for label, box in zip(labels, found, strict=True):
        own = ax.transData.transform(label.xy)
        others = dots[np.abs(dots - own).max(1) > 1e-6]
        assert not any(box.contains(*dot) for dot in others)
        assert ax.get_window_extent().containsx(box.x0)
        assert ax.get_window_extent().containsx(box.x1)
    # The first words had the first choice.
    assert labels[0].get_text() == words[0]


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


def test_a_page_needs_nothing_else_and_shows_neighbors(wv, tmp_path):
    projection = project(wv, wv.words, "pca")
    write_page(projection, wv, tmp_path / "p.html", "<i>some</i> words")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    outside = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", outside)
    assert "<i>some</i>" not in outside
    assert "</script><b>x" not in page
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    text = json.dumps(json.loads(data.replace("&lt;", "<").replace("&amp;", "&")))
    for word in wv.words[:20]:
        assert f'"{word}"' in text
    near = ", ".join(f"{word} {cosine:.2f}" for word, cosine in wv.most_similar("a0", topn=8))
    assert near in text


def test_a_page_of_a_run_tells_its_epochs(wv, tmp_path):
    records = [
        {
            "epoch": number,
            "loss": 3 - number / 8,
            "words_per_second": 1_234_567,
            "seconds": 4.25,
            "neighbors": {"a0": ["a1", f"<b>{number}</b>"]},
        }
        for number in (1, 2)
    ]
    projection = project(wv, wv.words, "pca")
    write_page(projection, wv, tmp_path / "p.html", "some words", records)
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    outside = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", outside)
    cells = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows]
    assert cells == [
        ["epoch", "loss (nats)", "words/s", "seconds"],
        ["1", "2.8750", "1,234,567", "4.2"],
        ["2", "2.7500", "1,234,567", "4.2"],
        ["epoch", "a0"],
        ["1", "a1, &lt;b&gt;1&lt;/b&gt;"],
        ["2", "a1, &lt;b&gt;2&lt;/b&gt;"],
    ]
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert "[2.875,2.75]" in data.replace(" ", "")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", outside)
    write_page(projection, wv, tmp_path / "q.html", "some words")
    page = (tmp_path / "q.html").read_text(encoding="utf-8")
    assert "<h2>Epochs" not in page


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


def test_curves_of_runs(tmp_path):
    for name, rise in (("a", 0.0), ("b", 0.5)):
        (tmp_path / name).mkdir()
        records = [
            {"epoch": i, "loss": rise + 1 / i, "validation_loss": rise + 2 / i if i > 1 else None}
            for i in (1, 2, 3)
        ]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (tmp_path / name / "metrics.jsonl").write_text(lines)
    draw_curves([tmp_path / "a"], tmp_path / "one.png")
    draw_curves([tmp_path / "a", tmp_path / "b"], tmp_path / "two.png")
    one, two = (matplotlib.image.imread(tmp_path / f"{n}.png") for n in ("one", "two"))
    assert one.shape == two.shape
    orange = (np.abs(two[..., :3] - np.array([213, 94, 0]) / 255) < 0.02).all(-1)
    assert orange.sum() > 200
    assert not (np.abs(one[..., :3] - np.array([213, 94, 0]) / 255) < 0.02).all(-1).any()
    (tmp_path / "b" / "metrics.jsonl").write_text("")
    for folder in ("b", "c"):
        with pytest.raises(InputError, match="no epoch is recorded there; give folders"):
            draw_curves([tmp_path / folder], tmp_path / "x.png")
    for content in ("{", "{}"):
        (tmp_path / "b" / "metrics.jsonl").write_text(content)
        with (
            pytest.warns(RuntimeWarning, match="is no record of an epoch"),
            pytest.raises(InputError, match="no epoch is recorded there"),
        ):
            draw_curves([tmp_path / "b"], tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


@pytest.mark.slow
def test_the_command(wv, tmp_path, capsys):
    wv.export(tmp_path / "v.bin", "word2vec-bin")
    vectors, out = str(tmp_path / "v.bin"), tmp_path / "p.png"
    assert main(["plot", vectors, "--words", "top-30", "--out", str(out)]) == 0
    assert re.search(r"p.png: 30 words, \d+ of them with a label", capsys.readouterr().out)
    page = str(tmp_path / "p.html")
    assert main(["plot", vectors, "--words", "top-30", "--method", "tsne", "--out", page]) == 0
    before = sorted(tmp_path.iterdir())
    for arguments, message in [
        ([vectors, "--out", str(out)], "exists; choose another --out or --overwrite"),
        ([vectors, "--out", str(tmp_path / "p.pdf")], "must end in .png or .html"),
        ([vectors, "--metrics", "--out", str(tmp_path / "q.html")], "must end in .png"),
        (
            [str(tmp_path), "--metrics", "--limit", "3", "--out", str(tmp_path / "q.png")],
            "limit has",
        ),
        ([vectors, vectors, "--out", str(tmp_path / "q.png")], "plot takes one folder"),
        ([vectors, "--out", str(tmp_path / "no" / "q.png")], "its folder does not exist"),
        ([vectors, "--words", "none.txt", "--out", str(tmp_path / "q.png")], "none.txt"),
        ([str(tmp_path), "--metrics", "--out", str(tmp_path / "q.png")], "metrics.jsonl: no epoch"),
    ]:
        assert main(["plot", *arguments]) == 2
        assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before
