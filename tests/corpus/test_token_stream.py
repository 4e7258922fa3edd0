"""Ranges of a stream, and damage."""

import numpy as np
import pytest
from encoded import TEXT

from jaxw2v import Config, InputError
from jaxw2v.corpus import open_corpus


def test_reading_a_range_gives_its_sentences():
    stream = open_corpus([["a"] * 3, ["b"] * 2, ["c"] * 4], Config(min_count=1))
    whole = np.repeat([0, 1, 2], [3, 2, 4])
    for start in range(9):
        for stop in range(start + 1, 10):
            ids, sentence_ids = stream.read(start, stop)
            assert sentence_ids.tolist() == whole[start:stop].tolist()
            assert ids.tolist() == stream.read(0, 9)[0][start:stop].tolist()


def test_a_damaged_stream_is_refused(tmp_path, cache):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    open_corpus(path, Config(min_count=1))
    folder = next((cache / "streams").iterdir())
    shard = folder / "shard-00000.ids"
    shard.write_bytes(shard.read_bytes()[:-4])
    with pytest.raises(InputError, match="cut short"):
        open_corpus(path, Config(min_count=1))
