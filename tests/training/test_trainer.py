import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading

import jax
import numpy as np
import optax
import polars as pl
import pytest

import jaxw2v
from jaxw2v import Checkpointing, Config, InputError, TrainingDiverged
from jaxw2v.corpus import Known, open_corpus
from jaxw2v.devices.layout import Layout
from jaxw2v.errors import Interrupted
from jaxw2v.sampling import keep_probability
from jaxw2v.training.fit import fit
from jaxw2v.training.loop.epoch import Epochs
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.loop.interrupt import deferred_interrupt
from jaxw2v.training.loop.validation import hold_out
from jaxw2v.training.setup import sizes
from jaxw2v.training.setup.sizes import make_plan
from jaxw2v.training.train import train

ALONE = Layout(None, 24)
CONFIG = Config(embedding_dim=16, min_count=1, epochs=3, subsample_threshold=0.0)


@pytest.fixture(scope="module")
def sentences():
    """Two topics that share no word: words of a topic should end up near one another."""
    rng = np.random.default_rng(0)
    topics = [[f"sea{i}" for i in range(12)], [f"sky{i}" for i in range(12)]]
    return [list(rng.choice(topics[i % 2], 15)) for i in range(800)]


def quiet(corpus, config=CONFIG, **options):
    return train(corpus, config, show_progress=False, **options)


def topic_gap(wv):
    """Mean cosine inside the topics, less that between them."""
    units = wv.vectors / np.linalg.norm(wv.vectors, axis=1, keepdims=True)
    sea = np.array([word.startswith("sea") for word in wv.words])
    cosines = units @ units.T
    off = ~np.eye(len(wv), dtype=bool)
    same = sea[:, None] == sea[None, :]
    return cosines[same & off].mean() - cosines[~same].mean()


@pytest.mark.parametrize(
    "change",
    [{}, {"row_updates": "dense"}, {"block_length": 7, "negatives_per_block": 3}],
    ids=["sparse", "dense", "odd sizes"],
)
def test_words_of_a_topic_come_together(sentences, change):
    wv = quiet(sentences, dataclasses.replace(CONFIG, **change))
    assert topic_gap(wv) > 0.5


@pytest.mark.parametrize("optimizer", [optax.adagrad(0.3), optax.sgd(0.002, momentum=0.5)])
def test_any_elementwise_optimizer_trains(sentences, optimizer):
    assert topic_gap(quiet(sentences, optimizer=optimizer)) > 0.3


def test_an_optimizer_of_whole_tables_moves_whole_tables(sentences):
    by_all_rows = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.02))
    assert topic_gap(quiet(sentences, optimizer=by_all_rows)) > 0.5
    sparse = dataclasses.replace(CONFIG, row_updates="sparse")
    with pytest.raises(InputError, match="elementwise"):
        quiet(sentences, sparse, optimizer=by_all_rows)


def test_the_same_seed_gives_the_same_bits(sentences):
    runs = [quiet(sentences, CONFIG) for _ in range(2)]
    assert np.array_equal(runs[0].vectors, runs[1].vectors)
    assert np.array_equal(runs[0].output_vectors, runs[1].output_vectors)
    other = quiet(sentences, dataclasses.replace(CONFIG, seed=2))
    assert not np.array_equal(runs[0].vectors, other.vectors)


def test_chunks_cover_the_corpus(sentences, monkeypatch):
    stream = open_corpus(sentences, CONFIG)
    feed = Feed(stream, 1_000, ALONE)
    seen = [fed for fed in feed.epoch(np.arange(feed.num_chunks)[::-1])]
    ids = np.concatenate([np.asarray(fed.chunk.ids) for fed in reversed(seen)])
    assert ids[ids >= 0].tolist() == stream.read(0, len(stream))[0].tolist()
    assert sum(fed.covered for fed in seen) == len(stream)
    whole = topic_gap(quiet(sentences))
    monkeypatch.setattr(sizes, "CPU_CHUNK_TOKENS", 1_000)
    assert topic_gap(quiet(sentences)) > 0.8 * whole


def test_an_error_in_the_feeding_thread_is_raised(sentences, monkeypatch):
    stream = open_corpus(sentences, CONFIG)
    feed = Feed(stream, 100, ALONE)

    def fail(index):
        raise RuntimeError(f"chunk {index}")

    monkeypatch.setattr(feed, "read", fail)
    with pytest.raises(RuntimeError, match="chunk 0"):
        list(feed.epoch(np.arange(3)))


def test_a_feed_that_is_left_early_ends_its_thread(sentences):
    feed = Feed(open_corpus(sentences, CONFIG), 100, ALONE)
    epoch = feed.epoch(np.arange(feed.num_chunks))
    next(epoch)
    assert any(t.name.startswith("jaxw2v-feed") for t in threading.enumerate())
    epoch.close()
    assert not any(t.name.startswith("jaxw2v-feed") for t in threading.enumerate())


def test_the_folder_holds_everything(sentences, tmp_path):
    records = {}
    wv = quiet(
        sentences, dataclasses.replace(CONFIG, validation_share=0.1), out=tmp_path / "a" / "b"
    )
    folder = tmp_path / "a" / "b"
    assert {p.name for p in folder.iterdir()} == {
        "vectors.safetensors",
        "vocabulary.tsv",
        "config.json",
        "metrics.jsonl",
        "checkpoints",
        "jaxw2v.json",
    }
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [r["epoch"] for r in records] == [1, 2, 3]
    assert records[-1]["loss"] < records[0]["loss"] < 6 * math.log(2)
    assert records[-1]["validation_loss"] < records[0]["validation_loss"]
    assert np.array_equal(jaxw2v.WordVectors.load(folder).vectors, wv.vectors)
    with pytest.raises(InputError, match="already holds a run; choose"):
        quiet(sentences, out=folder)
    quiet(sentences, out=folder, overwrite=True)


def test_a_validation_file_is_measured(sentences, tmp_path):
    (tmp_path / "v.txt").write_text("\n".join(" ".join(s) for s in sentences[:50]))
    stream = open_corpus(sentences[50:], CONFIG)
    held_out = open_corpus(tmp_path / "v.txt", CONFIG, Known(stream.vocabulary))
    metrics = []
    fit(
        stream,
        CONFIG,
        validation=held_out,
        on_epoch=lambda wv, m: metrics.append(m[-1]),
        show_progress=False,
    )
    losses = [m["validation_loss"] for m in metrics]
    assert losses[-1] < losses[0]
    # Held out and trained on are drawn alike, so their losses are alike.
    assert losses[-1] == pytest.approx(metrics[-1]["loss"], rel=0.1)


def test_held_out_sentences_are_not_trained_on(sentences):
    alone = [*sentences, *([["only", "held"]] * 30)]
    config = dataclasses.replace(CONFIG, validation_share=0.999, epochs=1)
    stream = open_corpus(alone, config)
    held_out, validation = hold_out(stream, config)
    kept = Feed(stream, len(stream), ALONE, held_out).read(0).chunk.ids
    assert (np.asarray(kept) >= 0).sum() + len(validation) == len(stream)
    assert len(held_out) == stream.num_sentences


@pytest.mark.parametrize("corpus", [[["a"], ["b"]], [["a", "a"]]], ids=["short", "one word"])
def test_no_pair_can_be_formed(corpus):
    with pytest.raises(InputError, match="no pair"):
        quiet(corpus)


def test_subsampling_that_leaves_nothing_is_reported():
    with pytest.raises(InputError, match="subsampling and windows left no"):
        quiet([["a", "b"]], Config(min_count=1, subsample_threshold=1e-12))


def test_a_run_that_diverges_stops_and_keeps_the_last_good_epoch(sentences, tmp_path):
    explode = optax.GradientTransformation(
        lambda p: optax.ScaleByScheduleState(count=np.int32(0)),
        lambda u, s, p=None: (
            jax.tree.map(lambda x: x * jax.numpy.where(s.count < 30, -0.01, -1e30), u),
            optax.ScaleByScheduleState(count=s.count + 1),
        ),
    )
    with pytest.raises(TrainingDiverged, match=r"finite|loss is") as error:
        quiet(sentences, out=tmp_path / "o", optimizer=explode)
    if (tmp_path / "o").exists():
        assert "holds the vectors of epoch" in str(error.value)
        assert np.isfinite(jaxw2v.WordVectors.load(tmp_path / "o").vectors).all()
    else:
        assert "no vectors" in str(error.value)


@pytest.mark.parametrize("epochs_before", [0, 1])
def test_an_interrupted_run_says_what_is_left(sentences, tmp_path, monkeypatch, epochs_before):
    original = Epochs.train_epoch

    def interrupted(self):
        if self.cursor.epoch == epochs_before:
            raise KeyboardInterrupt
        return original(self)

    monkeypatch.setattr(Epochs, "train_epoch", interrupted)
    message = "there are no vectors"
    if epochs_before:
        message = "holds the vectors of epoch 1; --resume goes on from step"
    with pytest.raises(Interrupted, match=message):
        quiet(sentences, out=tmp_path / "o", checkpointing=Checkpointing(checkpoint_epochs=1))
    assert (tmp_path / "o" / "vectors.safetensors").exists() == bool(epochs_before)


def test_probe_words_must_be_known(sentences):
    with pytest.raises(InputError, match="did you mean sea"):
        quiet(sentences, dataclasses.replace(CONFIG, probe_words=["seaO"]))


def test_the_step_fits_the_corpus():
    counts = np.array([60, 40])
    for words in (100, 10_000, 10_000_000, 10_000_000_000):
        scaled = counts * (words // 100)
        chosen = make_plan(Config(), keep_probability(scaled, 0), scaled, 22_400, on_cpu=True)
        assert chosen.tokens_per_step <= max(words, 32)
        for bytes_per_block in (22_400, 281_600, 652_800):
            other = make_plan(
                Config(), keep_probability(scaled, 0), scaled, bytes_per_block, on_cpu=True
            )
            assert other.tokens_per_step <= 1.07 * chosen.tokens_per_step
            assert other.tokens_per_step >= chosen.tokens_per_step
            assert other.blocks_per_step % other.blocks_per_micro_batch == 0
        assert chosen.blocks_per_step % chosen.blocks_per_micro_batch == 0
        assert chosen.chunk_tokens % 32 == 0
        steps = 5 * words / chosen.tokens_per_step
        assert steps >= 1_000 or chosen.tokens_per_step <= 512 or words == 100
    given = make_plan(
        Config(tokens_per_step=8_192, learning_rate=0.5), np.ones(2), counts * 10_000, 22_400, False
    )
    assert (given.tokens_per_step, given.learning_rate) == (8_192, 0.5)


def test_ctrl_c_waits_for_the_end_of_a_chunk_and_a_second_one_does_not():
    with deferred_interrupt() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_validation_text_that_shares_no_word_is_refused(sentences):
    with pytest.raises(InputError, match="validation text has no sentence"):
        quiet(sentences, validation=[["other", "words"]] * 9)
    with pytest.raises(InputError, match="not both"):
        quiet(sentences, dataclasses.replace(CONFIG, validation_share=0.1), validation=sentences)


def test_a_series_is_a_corpus(sentences):
    lines = pl.Series([" ".join(sentence) for sentence in sentences])
    assert len(quiet(lines)) == 24


def test_no_progress_means_silence(sentences, tmp_path, capfd):
    (tmp_path / "corpus.txt").write_text("\n".join(map(" ".join, sentences)))
    quiet(tmp_path / "corpus.txt")
    assert capfd.readouterr() == ("", "")


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


def test_windows_that_no_sentence_fills_are_refused():
    config = dataclasses.replace(
        CONFIG, require_full_window=True, window_sampling="fixed", window=5, context_side="left"
    )
    with pytest.raises(InputError, match=r"longest sentence has 5 words.*a full window needs 6"):
        quiet([["a", "b", "c", "d", "e"]] * 50, dataclasses.replace(config, min_count=1))
    both = dataclasses.replace(config, context_side="both", window=2, subsample_threshold=0.0)
    wv = quiet([["a", "b", "c", "d", "e"]] * 50, dataclasses.replace(both, min_count=1))
    assert len(wv) == 5


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
