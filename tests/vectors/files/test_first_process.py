"""One of many processes writes."""

import os
from pathlib import Path

import jax
import pytest

from jaxw2v.vectors.files.first_process import by_first_process


def test_the_first_writes_and_the_others_write_nowhere(tmp_path, monkeypatch):
    path = tmp_path / "new" / "v.txt"
    monkeypatch.setattr(jax, "process_index", lambda: 1)
    with by_first_process(path) as place:
        assert place == Path(os.devnull)
        place.write_text("of the second")
    assert not path.parent.exists()
    monkeypatch.setattr(jax, "process_index", lambda: 0)
    with by_first_process(path) as place:
        place.write_text("of the first")
        assert not path.exists()
    assert path.read_text() == "of the first"
    with pytest.raises(TypeError), by_first_process(path) as place:
        place.write_text(7)
    assert path.read_text() == "of the first"
    assert os.listdir(path.parent) == ["v.txt"]
