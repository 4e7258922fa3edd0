"""Streams that are kept."""

import errno
import threading

import pytest
from encoded import TEXT

from jaxw2v import Config, InputError, encode_corpus
from jaxw2v.cli import main
from jaxw2v.corpus import encode, open_corpus, text


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


@pytest.mark.parametrize("change", [TEXT[:20], TEXT + "appended words\n"], ids=["cut", "grown"])
@pytest.mark.parametrize("keeps", [True, False], ids=["in the cache", "in a folder"])
def test_what_changes_while_it_is_read_is_refused_and_not_kept(
    tmp_path, cache, monkeypatch, change, keeps
):
    path, out = tmp_path / "a.txt", tmp_path / "stream"
    original = text.read_paths

    def changed(*arguments):
        path.write_text(change)
        return original(*arguments)

    def encoded():
        path.write_text(TEXT)
        settings = Config(min_count=1)
        return open_corpus(path, settings) if keeps else encode_corpus(path, out, settings)

    with monkeypatch.context() as patch:
        patch.setattr(text, "read_paths", changed)
        with pytest.raises(InputError, match=r"a\.txt: changed while it was read; run this"):
            encoded()
    assert not out.exists()
    assert not [*cache.rglob("*.*")]
    assert encoded().raw_words == len(TEXT.split())


def test_a_full_disk_of_the_cache_names_it(tmp_path, cache, monkeypatch):
    (tmp_path / "a.txt").write_text(TEXT)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encode, "_count", full)
    message = r"streams: the cache cannot be written: No space left on device; \$JAXW2V_CACHE"
    with pytest.raises(InputError, match=message):
        open_corpus(tmp_path / "a.txt", Config(min_count=1))
    assert not any((cache / "streams").iterdir())
    with pytest.raises(OSError, match=r"No space left on device: .*out'"):
        encode_corpus(tmp_path / "a.txt", tmp_path / "out", Config(min_count=1))


def test_an_error_while_text_is_read_is_the_last_line(tmp_path, cache, monkeypatch, capsys):
    (tmp_path / "a.txt").write_text(TEXT)

    def full(batches, *_):
        next(batches)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encode, "_count", full)
    assert main(["encode", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.replace("\r", "\n").rstrip().splitlines()
    assert lines[-1].startswith(f"jaxw2v: error: {tmp_path / 'out'}: No space left on device; free")
