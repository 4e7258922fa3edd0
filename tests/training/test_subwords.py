"""Runs whose vectors are made of n-grams: resumed, continued, on meshes, and read again."""

import dataclasses

import numpy as np
import pytest
from zipf import zipf_sentences

import jaxw2v
from jaxw2v import Callback, Config, WordVectors
from jaxw2v.cli import main
from jaxw2v.subwords import Ngrams, made_up_words, share_rows
from jaxw2v.training import load_vectors

CONFIG = Config(embedding_dim=8, min_count=1, tokens_per_step=512, epochs=2, subwords=True)
UNSEEN = ["wqnhibb", "kmsxb"]


def named(sentences):
    names = made_up_words(400)
    return [[names[int(word[1:])] for word in sentence] for sentence in sentences]


@pytest.fixture(scope="module")
def sentences():
    return named(zipf_sentences(300, 12, 300))


@pytest.fixture(scope="module")
def whole(sentences, tmp_path_factory):
    folder = tmp_path_factory.mktemp("subwords") / "run"
    return quiet(sentences, out=folder), folder


def quiet(corpus, config=CONFIG, **options):
    return jaxw2v.train(corpus, config, show_progress=False, **options)


class StopEarly(Callback):
    def on_epoch_end(self, wv, metrics):
        return True


@pytest.mark.slow
def test_a_run_that_goes_on_has_the_same_bits(sentences, whole, tmp_path):
    quiet(sentences, out=tmp_path / "run", callbacks=[StopEarly()])
    again = quiet(sentences, out=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(again.vectors, whole[0].vectors)
    np.testing.assert_array_equal(again[UNSEEN], whole[0][UNSEEN])


@pytest.mark.slow
def test_checkpoints_and_folders_give_the_vectors(whole):
    wv, folder = whole
    for found in (load_vectors(folder, "last"), WordVectors.load(folder)):
        np.testing.assert_array_equal(found.vectors, wv.vectors)
        np.testing.assert_array_equal(found[UNSEEN], wv[UNSEEN])
    few = load_vectors(folder, "last", limit=5)
    np.testing.assert_array_equal(few.vectors, wv.vectors[:5])
    np.testing.assert_allclose(few[UNSEEN], wv[UNSEEN], rtol=1e-6)
    np.testing.assert_allclose(
        wv.subwords(wv.words, np.arange(len(wv))), wv.vectors, rtol=1e-5, atol=1e-6
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:mesh 2x2x2 leaves 4 columns")
def test_a_mesh_gives_the_vectors_of_one_device(sentences, whole):
    wv = quiet(sentences, mesh="2x2x2")
    np.testing.assert_allclose(wv.vectors, whole[0].vectors, atol=2e-4)
    np.testing.assert_allclose(wv[UNSEEN], whole[0][UNSEEN], atol=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("with_checkpoints", [True, False])
def test_a_run_goes_on_with_other_words(whole, tmp_path, with_checkpoints):
    wv, folder = whole
    if not with_checkpoints:
        folder = tmp_path / "vectors"
        quiet(
            named(zipf_sentences(300, 12, 300)),
            out=folder,
            checkpointing=jaxw2v.Checkpointing(keep_checkpoints=0),
        )
    other = named([[f"w{int(w[1:]) + 90}" for w in s] for s in zipf_sentences(300, 12, 100)])
    # So small a rate that rows stay where they start.
    config = Config(min_count=1, epochs=1, learning_rate=1e-6, min_learning_rate=0.0)
    later = quiet(other, config, continue_from=folder)
    assert later.words[: len(wv)] == wv.words
    assert len(later) > len(wv)
    np.testing.assert_allclose(later.vectors[: len(wv)], wv.vectors, atol=2e-4)
    # A new word has the n-grams that were known, and starts from these.
    new = later.words[-1]
    own = later.subwords.own[later.vocabulary[new]]
    size = share_rows(later.words, Ngrams(3, 6, 2_000_000)).sizes[-1]
    weight = share_rows(later.words, Ngrams(3, 6, 2_000_000)).own_weights[-1]
    expected = (wv.subwords([new])[0] * (size - 1) + own * weight) / size
    np.testing.assert_allclose(later[new], expected, atol=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--subwords", "--min-ngram", "5", "--max-ngram", "4"], "min_ngram is 5, above max_ngram"),
        (
            ["--subwords", "--ngram-buckets", "0"],
            "ngram_buckets is 0; it must be an integer from 1",
        ),
        (["--min-ngram", "2"], "min_ngram is 2, which has no effect when subwords is False"),
        (["--subwords", "--row-updates", "dense"], "subwords move the rows of the n-grams"),
    ],
)
def test_what_does_not_go_together_is_one_line(tmp_path, capsys, options, message):
    path = tmp_path / "text.txt"
    path.write_text("a cat and a cat\n" * 20)
    assert main(["train", str(path), "--out", str(tmp_path / "run"), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "run").exists()


def test_plan_counts_rows_of_ngrams():
    sizes = []
    for options in ([], ["--subwords"]):
        job = jaxw2v.training.make_job(
            dataclasses.replace(CONFIG, subwords=bool(options), embedding_dim=100),
            np.arange(20_000, 0, -1),
            on_cpu=False,
        )
        sizes.append(job.footprint((1, 1, 1)).memory()["tables"])
    rows = job.subwords.num_shared
    assert sizes[1] - sizes[0] == pytest.approx(4 * 100 * rows, abs=4 * 100 * 256)
    assert rows > 1_000
