"""Callbacks and early stopping."""

import dataclasses
import itertools

import numpy as np
import pytest

from jaxw2v import Callback, Config, InputError, train
from jaxw2v.training.setup import sizes

VALIDATION = "jaxw2v.training.loop.validation.Validation.__call__"
CONFIG = Config(embedding_dim=8, min_count=1, tokens_per_step=512, epochs=4)


@pytest.fixture(scope="module")
def sentences():
    rng = np.random.default_rng(0)
    return [[f"w{i}" for i in rng.integers(0, 50, 20)] for _ in range(300)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Six chunks an epoch."""
    monkeypatch.setattr(sizes, "CPU_CHUNK_TOKENS", 1_000)


class Recorder(Callback):
    def __init__(self, answer=lambda event, epoch: None):
        self.events, self.answer = [], answer

    def on_chunk_end(self, progress):
        self.events.append(("chunk", progress))
        return self.answer("chunk", progress.epoch)

    def on_epoch_end(self, wv, metrics):
        assert len(wv) == 50
        self.events.append(("epoch", metrics[-1]["epoch"]))
        return self.answer("epoch", metrics[-1]["epoch"])

    def on_train_end(self, wv, metrics):
        self.events.append(("end", len(metrics)))

    def of(self, kind):
        return [value for event, value in self.events if event == kind]


@pytest.mark.slow
def test_neighbors_of_probe_words_are_recorded(sentences):
    config = dataclasses.replace(CONFIG, epochs=2, probe_words=("w3", "w7"))
    recorded = []

    class Keep(Callback):
        def on_epoch_end(self, wv, metrics):
            found = metrics[-1]["neighbors"]
            assert found["w7"] == [word for word, _ in wv.most_similar("w7", topn=6)]
            recorded.append(found)

    train(sentences, config, show_progress=False, callbacks=[Keep()])
    assert [list(found) for found in recorded] == [["w3", "w7"]] * 2
    assert recorded[0] != recorded[1]


@pytest.mark.slow
def test_callbacks_see_every_chunk_epoch_and_the_end(sentences):
    seen = Recorder()
    train(sentences, CONFIG, callbacks=[seen], show_progress=False)
    assert [event for event, _ in seen.events] == (["chunk"] * 6 + ["epoch"]) * 4 + ["end"]
    progress = seen.of("chunk")
    assert [p.epoch for p in progress] == sorted([1, 2, 3, 4] * 6)
    assert progress[-1].words == 4 * 300 * 20
    for a, b in itertools.pairwise(progress):
        assert a.words < b.words
        assert a.steps < b.steps
    assert progress[-1].loss < progress[0].loss
    assert seen.of("end") == [4]


@pytest.mark.slow
@pytest.mark.parametrize(("event", "epochs"), [("chunk", 1), ("epoch", 2)])
def test_a_callback_stops_the_run(sentences, event, epochs):
    stopping, watching = Recorder(lambda e, epoch: e == event and epoch == 2), Recorder()
    wv = train(sentences, CONFIG, callbacks=[stopping, watching], show_progress=False)
    assert watching.of("epoch") == list(range(1, epochs + 1))
    assert watching.of("end") == [epochs]
    assert np.isfinite(wv.vectors).all()
    # Asked to stop after a chunk, it does after the two that have been begun by then.
    assert len(watching.of("chunk")) == (12 if event == "epoch" else 6 + 3)


def test_what_a_callback_raises_reaches_the_caller(sentences):
    def fail(event, epoch):
        raise ZeroDivisionError(event)

    with pytest.raises(ZeroDivisionError, match="chunk"):
        train(sentences, CONFIG, callbacks=[Recorder(fail)], show_progress=False)


@pytest.mark.slow
def test_patience_stops_when_the_validation_loss_stops_falling(sentences, monkeypatch, capsys):
    losses = iter([2.0, 1.0, 1.5, None, 0.5, 0.4])
    monkeypatch.setattr(VALIDATION, lambda self: next(losses))
    config = dataclasses.replace(CONFIG, epochs=9, validation_share=0.1, patience=2)
    seen = Recorder()
    train(sentences, config, callbacks=[seen])
    assert seen.of("epoch") == [1, 2, 3, 4]
    assert "the validation loss has not fallen since epoch 2" in capsys.readouterr().err
    with pytest.raises(InputError, match="patience is 2 and no validation loss is measured"):
        train(sentences, dataclasses.replace(CONFIG, patience=2), show_progress=False)
