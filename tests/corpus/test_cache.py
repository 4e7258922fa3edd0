"""Streams that are kept."""

import threading

from encoded import TEXT

from jaxw2v import Config
from jaxw2v.corpus import open_corpus, text


def test_the_cache_is_keyed_by_content_and_settings(tmp_path, cache, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    open_corpus(path, Config(min_count=1))
    reads = []
    original = text.read_paths
    monkeypatch.setattr(text, "read_paths", lambda *a: reads.append(1) or original(*a))
    (tmp_path / "renamed.txt").write_text(TEXT)
    open_corpus(tmp_path / "renamed.txt", Config(min_count=1, window=3))
    assert reads == []
    open_corpus(path, Config(min_count=2))
    path.write_text(TEXT + "more\n")
    open_corpus(path, Config(min_count=1))
    assert reads == [1, 1]
    assert len(list((cache / "streams").iterdir())) == 3


def test_processes_may_encode_the_same_corpus_at_once(tmp_path, cache):
    path = tmp_path / "a.txt"
    path.write_text(TEXT * 2_000)
    results = []
    work = [
        threading.Thread(target=lambda: results.append(open_corpus(path, Config()).raw_words))
        for _ in range(3)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert len(results) == 3
    assert len(set(results)) == 1
    assert len(list((cache / "streams").iterdir())) == 1
