"""A run, whole and stopped in the middle."""

import shutil
from pathlib import Path

import pytest
from stopped_runs import StopAfter, quiet
from zipf import zipf_sentences

from jaxw2v import Checkpointing
from jaxw2v.run_folder import steps_in
from jaxw2v.training.setup import sizes


@pytest.fixture(scope="module")
def sentences():
    return zipf_sentences(300, 20, 400)


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    """Five chunks an epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "CPU_CHUNK_TOKENS", 1_700)
        yield


@pytest.fixture(scope="module")
def whole(sentences, tmp_path_factory):
    """A run that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    quiet(sentences, out=folder)
    return folder


@pytest.fixture(scope="module")
def stopped(sentences, tmp_path_factory):
    """A run stopped in its second epoch, with checkpoints after each two chunks or so."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    often = Checkpointing(checkpoint_steps=2, keep_checkpoints=3)
    quiet(sentences, out=folder, callbacks=[StopAfter(7)], checkpointing=often)
    assert len(steps_in(folder / "checkpoints")) >= 3
    return folder


@pytest.fixture
def copy(stopped, tmp_path):
    return Path(shutil.copytree(stopped, tmp_path / "copy"))
