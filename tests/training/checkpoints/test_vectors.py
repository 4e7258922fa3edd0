"""Vectors straight from checkpoints."""

import json
import time

import numpy as np
import pytest
from stopped_runs import quiet

import jaxw2v
from jaxw2v import Callback, Checkpointing, InputError
from jaxw2v.cli import main
from jaxw2v.ownership import FORMAT
from jaxw2v.run_folder import steps_in
from jaxw2v.training import load_vectors


@pytest.mark.slow
def test_vectors_come_straight_from_the_checkpoints_of_a_run_still_going(
    sentences, tmp_path, capsys
):
    folder = tmp_path / "run"

    class Look(Callback):
        seen = ()

        def on_chunk_end(self, progress):
            if progress.steps > 6 and not len(self.seen):
                while not steps_in(folder / "checkpoints"):
                    time.sleep(0.01)
                assert not (folder / "vectors.safetensors").exists()
                self.seen = load_vectors(folder).vectors
                assert main(["neighbors", str(folder), "w1"]) == 0
                out = str(folder.parent / "v.txt")
                assert main(["export", str(folder), "--format", "word2vec-text", "--out", out]) == 0
                assert main(["neighbors", str(folder), "w1", "--checkpoint", "7"]) == 2

    look = Look()
    quiet(sentences, out=folder, callbacks=[look], checkpointing=Checkpointing(checkpoint_steps=1))
    assert look.seen.shape == (300, 8)
    assert "a step that is kept" in capsys.readouterr().err
    final = jaxw2v.WordVectors.load(folder)
    for which in ("last", "best"):
        stored = load_vectors(folder, which)
        np.testing.assert_array_equal(stored.vectors, final.vectors)
        np.testing.assert_array_equal(stored.output_vectors, final.output_vectors)
        assert stored.words == final.words


def test_a_file_has_no_checkpoints(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\n")
    with pytest.raises(InputError, match=r"v\.txt: is a file, which has no checkpoints"):
        load_vectors(path, "last")


@pytest.mark.parametrize("checkpoint", [None, "last", "best", 1])
def test_a_run_of_a_newer_version_is_refused(tmp_path, checkpoint):
    (tmp_path / "checkpoints" / "1").mkdir(parents=True)
    marker = {"program": "jaxw2v", "kind": "run", "format": FORMAT + 1}
    (tmp_path / "jaxw2v.json").write_text(json.dumps(marker))
    with pytest.raises(InputError, match=rf"jaxw2v\.json: is of format {FORMAT + 1}"):
        load_vectors(tmp_path, checkpoint)
