"""The folder of a run while it is written."""

import pytest

from jaxw2v import InputError
from jaxw2v.ownership import MARKER
from jaxw2v.training.checkpoints import folder_lock
from jaxw2v.training.checkpoints.folder_lock import writing_to


def test_without_a_folder_nothing_is_held():
    with writing_to(None, False, False):
        pass


def test_a_folder_is_marked_and_kept_from_a_second_run(tmp_path):
    folder = tmp_path / "run"
    with writing_to(folder, False, False):
        assert (folder / MARKER).exists()
        with (
            pytest.raises(InputError, match="is writing there; wait for it"),
            writing_to(folder, False, True),
        ):
            raise AssertionError
        (folder / "vectors.safetensors").touch()
    with (
        pytest.raises(InputError, match="already holds vectors"),
        writing_to(folder, False, False),
    ):
        raise AssertionError
    with writing_to(folder, True, False):
        pass


def test_only_the_first_process_looks_and_all_hear_of_its_error(tmp_path, monkeypatch):
    (tmp_path / "metrics.jsonl").write_text("mine")
    heard = []
    monkeypatch.setattr(folder_lock, "raise_everywhere", heard.append)
    monkeypatch.setattr(folder_lock, "is_first", lambda: False)
    with writing_to(tmp_path, False, False):
        assert not (tmp_path / MARKER).exists()
    monkeypatch.setattr(folder_lock, "is_first", lambda: True)
    with writing_to(tmp_path, False, False):
        pass
    assert heard[0] is None
    assert "metrics.jsonl: is not known to be a file of jaxw2v" in str(heard[1])
