"""Chunks reach the devices, and so do errors."""

import threading

import numpy as np
import pytest
from topics import CONFIG, quiet, topic_gap, two_topics

from jaxw2v.corpus import open_corpus
from jaxw2v.devices.layout import Layout
from jaxw2v.training.loop.feed import Feed
from jaxw2v.training.setup import sizes

ALONE = Layout(None, 24, 8)


@pytest.fixture(scope="module")
def sentences():
    return two_topics()


@pytest.mark.slow
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
