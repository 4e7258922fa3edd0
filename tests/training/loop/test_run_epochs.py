"""What happens between epochs, with epochs made up for this."""

from types import SimpleNamespace

import numpy as np
import pytest

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.errors import TrainingDiverged
from jaxw2v.progress import progress_bar
from jaxw2v.training.callbacks import Callback
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.loop.epoch import Wish
from jaxw2v.training.loop.run_epochs import run_epochs

WORDS = ("music", "river", "planet", "the")


class Epochs:
    """Each epoch trains nothing and takes ten steps."""

    def __init__(self, epochs=3, cursor=None, patience=None, probes=(), show=False, ends=None):
        self.happened, self.callbacks, self.wish, self.ends = [], [], Wish.GO_ON, ends
        self.config = SimpleNamespace(epochs=epochs, patience=patience, probe_words=probes)
        self.cursor = cursor or Cursor()
        self.bar = progress_bar(total=1, show=show)
        vocabulary = Vocabulary(WORDS, np.array([3, 3, 2, 90_000]))
        self.stream = SimpleNamespace(vocabulary=vocabulary)
        self.saves = SimpleNamespace(
            on=True,
            wait=lambda: self.happened.append("wait"),
            forget_old=lambda: self.happened.append("forget"),
            after_epoch=lambda cursor: self.happened.append(f"saved {cursor.epoch}"),
            save=lambda cursor: self.happened.append("saved at the end"),
        )
        layout = SimpleNamespace(largest=lambda number: number)
        self.engine = SimpleNamespace(layout=layout, word_vectors=self.vectors)

    def vectors(self, vocabulary):
        return WordVectors(vocabulary, np.eye(4) + self.cursor.epoch)

    def ask(self):
        return self.wish

    def train_epoch(self):
        if self.ends is not None:
            return self.ends, None
        number = self.cursor.epoch + 1
        self.happened.append(f"trained {number}")
        record = {"epoch": number, "steps": 10 * number, "words_per_second": 7, "loss": 1 / number}
        return Wish.GO_ON, record


def run(epochs, validate=None, is_resumed=False):
    told = []

    def tell(wv, metrics):
        told.append(len(metrics))
        epochs.happened.append(f"told {len(metrics)}")

    return run_epochs(epochs, validate, tell, is_resumed), told


def test_each_epoch_is_told_before_it_is_saved():
    epochs = Epochs()
    wv, told = run(epochs)
    assert told == [1, 2, 3]
    assert epochs.happened[:5] == ["trained 1", "wait", "forget", "told 1", "saved 1"]
    # A run that ends is saved with its last epoch.
    assert epochs.happened[-1] == "saved at the end"
    np.testing.assert_array_equal(wv.vectors, np.eye(4) + 2)


def test_what_was_resumed_is_told_first_and_a_finished_run_gives_its_vectors():
    metrics = tuple({"epoch": n, "steps": 10 * n} for n in (1, 2))
    _, told = run(Epochs(cursor=Cursor(2, steps=20, metrics=metrics)), is_resumed=True)
    assert told == [2, 3]
    epochs = Epochs(2, cursor=Cursor(2, steps=20, metrics=metrics))
    _, told = run(epochs, is_resumed=True)
    assert told == [2]
    assert epochs.happened == ["told 2"]
    middle = Epochs(3, cursor=Cursor(2, 5, 25, metrics=metrics))
    assert run(middle, is_resumed=True)[1] == [3]


def test_validation_that_does_not_get_better_ends_the_run(capsys):
    losses = iter([3.0, 2.0, 2.5, 2.25, 9.0])
    epochs = Epochs(9, patience=2, show=True)
    _, told = run(epochs, lambda: next(losses))
    assert told == [1, 2, 3, 4]
    shown = capsys.readouterr().err
    assert "stopped: the validation loss has not fallen since epoch 2, whose vectors" in shown
    assert "validation loss 2.0000" in shown
    assert [r["validation_loss"] for r in epochs.cursor.metrics] == [3.0, 2.0, 2.5, 2.25]


def test_callbacks_see_every_epoch_and_the_end_and_may_stop():
    class Second(Callback):
        seen = ()

        def on_epoch_end(self, wv, metrics):
            self.seen += (len(metrics),)
            return len(metrics) == 2

        def on_train_end(self, wv, metrics):
            self.seen += ("end",)

    epochs = Epochs()
    epochs.callbacks = [Second()]
    assert run(epochs)[1] == [1, 2]
    assert epochs.callbacks[0].seen == (1, 2, "end")


def test_a_run_that_is_left_raises_and_one_that_is_stopped_gives_its_vectors():
    with pytest.raises(KeyboardInterrupt):
        run(Epochs(ends=Wish.LEAVE))
    wv, told = run(Epochs(ends=Wish.STOP))
    assert told == [0]
    assert len(wv) == 4


def test_neighbors_are_recorded_of_words_that_were_named_or_that_people_watch(capsys):
    named = Epochs(1, probes=("river",))
    run(named)
    (record,) = named.cursor.metrics
    assert set(record["neighbors"]) == {"river"}
    assert sorted(record["neighbors"]["river"]) == ["music", "planet", "the"]
    quiet = Epochs(1)
    run(quiet)
    assert "neighbors" not in quiet.cursor.metrics[0]
    watched = Epochs(1, show=True)
    run(watched)
    assert set(watched.cursor.metrics[0]["neighbors"]) == {"music", "river", "planet"}
    assert "epoch 1: 7 words/s, loss 1.0000" in capsys.readouterr().err


def test_vectors_that_are_not_finite_are_a_run_that_diverged():
    epochs = Epochs()

    def fails(vocabulary):
        raise InputError("a number is not finite")

    epochs.engine.word_vectors = fails
    with pytest.raises(TrainingDiverged, match="a vector is not finite after epoch 1; give a sm"):
        run(epochs)
