"""The main job: words of a topic come together; what cannot be trained on is refused."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import optax
import polars as pl
import pytest
from topics import CONFIG, quiet, topic_gap, two_topics

from jaxw2v import Config, InputError
from jaxw2v.corpus import open_corpus
from jaxw2v.training.fit import fit

pytestmark = pytest.mark.usefixtures("optax_promotes")


@pytest.fixture(scope="module")
def sentences():
    return two_topics()


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{}, {"row_updates": "dense"}, {"block_length": 7, "negatives_per_block": 3}],
    ids=["sparse", "dense", "odd sizes"],
)
def test_words_of_a_topic_come_together(sentences, change):
    wv = quiet(sentences, dataclasses.replace(CONFIG, **change))
    assert topic_gap(wv) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", [optax.adagrad(0.3), optax.sgd(0.002, momentum=0.5)])
def test_any_elementwise_optimizer_trains(sentences, optimizer):
    assert topic_gap(quiet(sentences, optimizer=optimizer)) > 0.3


@pytest.mark.slow
def test_an_optimizer_of_whole_tables_moves_whole_tables(sentences):
    by_all_rows = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.02))
    assert topic_gap(quiet(sentences, optimizer=by_all_rows)) > 0.5
    sparse = dataclasses.replace(CONFIG, row_updates="sparse")
    with pytest.raises(InputError, match="elementwise"):
        quiet(sentences, sparse, optimizer=by_all_rows)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits(sentences):
    runs = [quiet(sentences, CONFIG) for _ in range(2)]
    assert np.array_equal(runs[0].vectors, runs[1].vectors)
    assert np.array_equal(runs[0].output_vectors, runs[1].output_vectors)
    other = quiet(sentences, dataclasses.replace(CONFIG, seed=2))
    assert not np.array_equal(runs[0].vectors, other.vectors)


@pytest.mark.parametrize("corpus", [[["a"], ["b"]], [["a", "a"]]], ids=["short", "one word"])
def test_no_pair_can_be_formed(corpus):
    with pytest.raises(InputError, match="no pair"):
        quiet(corpus)


@pytest.mark.slow
def test_subsampling_that_leaves_nothing_is_reported():
    with pytest.raises(InputError, match="subsampling and windows left no"):
        quiet([["a", "b"]], Config(min_count=1, subsample_threshold=1e-12))


def test_probe_words_must_be_known(sentences):
    with pytest.raises(InputError, match="did you mean sea"):
        quiet(sentences, dataclasses.replace(CONFIG, probe_words=["seaO"]))


@pytest.mark.slow
def test_a_series_is_a_corpus(sentences):
    lines = pl.Series([" ".join(sentence) for sentence in sentences])
    assert len(quiet(lines)) == 24


def test_no_progress_means_silence(sentences, tmp_path, capfd):
    (tmp_path / "corpus.txt").write_text("\n".join(map(" ".join, sentences)))
    quiet(tmp_path / "corpus.txt")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_training_runs_with_64_bit_numbers_switched_on():
    code = (
        "import jaxw2v;"
        "config = jaxw2v.Config(min_count=1, embedding_dim=4, epochs=1, validation_share=0.2,"
        "subsample_threshold=0.0);"
        "wv = jaxw2v.train([['a', 'b', 'c']] * 50, config, show_progress=False);"
        "print(wv.vectors.dtype)"
    )
    environment = {**os.environ, "JAX_ENABLE_X64": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "float32\n"), done.stderr


@pytest.mark.slow
def test_windows_that_no_sentence_fills_are_refused():
    config = dataclasses.replace(
        CONFIG, require_full_window=True, window_sampling="fixed", window=5, context_side="left"
    )
    with pytest.raises(InputError, match=r"longest sentence has 5 words.*a full window needs 6"):
        quiet([["a", "b", "c", "d", "e"]] * 50, dataclasses.replace(config, min_count=1))
    both = dataclasses.replace(config, context_side="both", window=2, subsample_threshold=0.0)
    wv = quiet([["a", "b", "c", "d", "e"]] * 50, dataclasses.replace(both, min_count=1))
    assert len(wv) == 5


@pytest.mark.slow
def test_a_pair_anywhere_in_an_epoch_is_enough():
    """The loss is measured on a part of the steps only; that part may hold no pair."""
    short, full = [["a", "b"]] * 4_000, [["a", "b", "c", "d", "e"]]
    config = dataclasses.replace(
        CONFIG,
        min_count=1,
        require_full_window=True,
        window_sampling="fixed",
        window=2,
        subsample_threshold=0.0,
        tokens_per_step=256,
        epochs=1,
    )
    stream, records = open_corpus([*short, *full, *short], config, show_progress=False), []
    for seed in range(3):
        fit(
            stream,
            dataclasses.replace(config, seed=seed),
            on_epoch=lambda wv, metrics: records.append(metrics[-1]),
            show_progress=False,
        )
    assert any(record["loss"] is None for record in records)
