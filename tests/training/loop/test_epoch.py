"""One epoch, with an engine made up for this: order, sums, wishes."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from jaxw2v import InputError
from jaxw2v.errors import TrainingDiverged
from jaxw2v.progress import progress_bar
from jaxw2v.training.callbacks import Callback
from jaxw2v.training.checkpoints.cursor import Cursor
from jaxw2v.training.loop.epoch import Epochs, Wish
from jaxw2v.training.loop.feed import FedChunk

TOKENS, CHUNK, EPOCHS = 95, 10, 3
CHUNKS = 10


class Stream:
    raw_words = 190
    words_per_token = 2.0

    def __len__(self):
        return TOKENS


class Engine:
    """Notes what it is given; its loss is the number of the chunk, on ten pairs."""

    compile_seconds = 0.5
    state = 0.0

    def __init__(self, losses=None):
        self.trained, self.losses = [], losses or {}
        config = SimpleNamespace(
            seed=1, epochs=EPOCHS, subsample_threshold=1e-3, negatives_per_block=32
        )
        plan = SimpleNamespace(chunk_tokens=CHUNK, tokens_per_step=5)
        schedule = lambda progress: 1 - progress  # noqa: E731
        self.job = SimpleNamespace(config=config, plan=plan, schedule=schedule)
        self.layout = SimpleNamespace(largest=lambda number: number, copies_drift=False)

    def train(self, chunk, epoch, number, progress):
        self.trained.append((epoch, number, *np.round(progress * TOKENS * EPOCHS).tolist()))
        total, pairs = self.losses.get(number, (float(number), 10.0))
        return (total, pairs, pairs), 2


class Feed:
    num_chunks = CHUNKS

    def epoch(self, order):
        for number in order.tolist():
            yield FedChunk(number, min(CHUNK, TOKENS - CHUNK * number), None)


class Saves:
    def __init__(self, every=None):
        self.every, self.saved = every, []

    def due(self, steps):
        before = self.saved[-1].steps if self.saved else 0
        return self.every is not None and steps - before >= self.every

    def save(self, cursor):
        self.saved.append(cursor)


def epochs(engine=None, saves=None, callbacks=(), interrupted=lambda: False, cursor=None):
    bar = progress_bar(total=EPOCHS * Stream.raw_words, show=False)
    engine, saves = engine or Engine(), saves or Saves()
    return Epochs(Stream(), engine, Feed(), saves, callbacks, interrupted, bar, cursor or Cursor())


def test_every_chunk_is_trained_once_in_an_order_of_the_epoch():
    run = epochs()
    wish, record = run.train_epoch()
    assert wish == Wish.GO_ON
    trained = run.engine.trained
    assert sorted(number for _, number, _, _ in trained) == list(range(CHUNKS))
    assert [begin for *_, begin, _ in trained] == [0, *(end for *_, end in trained[:-1])]
    assert trained[-1][-1] == TOKENS
    assert record["loss"] == pytest.approx(sum(range(CHUNKS)) / 100)
    assert (record["epoch"], record["steps"], record["raw_words"]) == (1, 20, 190)
    assert record["learning_rate"] == pytest.approx(1 - 1 / EPOCHS)
    again, other = epochs(), epochs(cursor=Cursor(1))
    again.train_epoch()
    other.train_epoch()
    assert again.engine.trained == trained
    assert [t[1] for t in other.engine.trained] != [t[1] for t in trained]
    assert other.engine.trained[0][2] == TOKENS


def test_a_run_goes_on_where_it_was_saved():
    whole, saves = epochs(), Saves(every=2)
    _, record = whole.train_epoch()
    epochs(saves=saves).train_epoch()
    assert len(saves.saved) >= 2
    for cursor in saves.saved:
        resumed = epochs(cursor=cursor)
        wish, again = resumed.train_epoch()
        assert wish == Wish.GO_ON
        assert resumed.engine.trained == whole.engine.trained[cursor.chunks :]
        same = {"loss", "steps", "learning_rate"}
        assert {k: again[k] for k in same} == {k: record[k] for k in same}


@pytest.mark.parametrize("by", ["callback", "user"])
def test_who_wants_to_end_is_heard_after_a_chunk_and_the_run_is_saved(by):
    class After(Callback):
        seen = 0

        def on_chunk_end(self, progress):
            self.seen += 1
            return by == "callback" and self.seen == 3

    counter = After()
    saves = Saves()
    run = epochs(
        saves=saves,
        callbacks=[counter],
        interrupted=lambda: by == "user" and counter.seen >= 3,
    )
    wish, record = run.train_epoch()
    assert wish == (Wish.STOP if by == "callback" else Wish.LEAVE)
    assert record is None
    (cursor,) = saves.saved
    # One chunk more was under way.
    assert 3 <= cursor.chunks == len(run.engine.trained) <= 5
    assert cursor.steps == 2 * cursor.chunks
    assert cursor.sums[1] == 10 * cursor.chunks


def test_losses_that_cannot_be():
    with pytest.raises(TrainingDiverged, match="the loss is nan; give a smaller --learning-rate"):
        epochs(Engine({4: (math.nan, 10.0)})).train_epoch()
    with pytest.raises(InputError, match="no pair was formed in an epoch"):
        epochs(Engine(dict.fromkeys(range(CHUNKS), (0.0, 0.0)))).train_epoch()
    _, record = epochs(Engine({4: (0.0, 0.0)})).train_epoch()
    assert record["loss"] == pytest.approx((sum(range(CHUNKS)) - 4) / 90)
