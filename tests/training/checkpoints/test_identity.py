"""Another run is not gone on with."""

import dataclasses

import pytest
from stopped_runs import CONFIG, quiet

from jaxw2v import InputError
from jaxw2v.corpus import open_corpus
from jaxw2v.run_folder import steps_in
from jaxw2v.training.checkpoints.identity import RunIdentity


@pytest.mark.slow
def test_another_run_is_refused_by_what_differs(sentences, copy):
    def changed(**fields):
        return dataclasses.replace(CONFIG, **fields)

    for config, message in [
        (changed(window=7, seed=3), r"seed is 1 there and 3 here; window is 5 there and 7 here"),
        (changed(epochs=1), "1 epochs and part of the next are done there and epochs is 1; give 2"),
    ]:
        with pytest.raises(InputError, match=message):
            quiet(sentences, config, out=copy, resume=True)
    with pytest.raises(InputError, match="the text differs; the vocabulary differs"):
        quiet([*sentences, ["w0", "w1"]], out=copy, resume=True)
    holds_a_run = "already holds a run; choose another --out, or give --resume"
    with pytest.raises(InputError, match=holds_a_run):
        quiet(sentences, out=copy)
    with pytest.raises(InputError, match="give one of them"):
        quiet(sentences, out=copy, resume=True, overwrite=True)
    quiet(sentences, changed(window=7, epochs=1), out=copy, overwrite=True)
    assert len(steps_in(copy / "checkpoints")) == 1


def test_nodes_of_an_earlier_tree_are_refused(sentences, tmp_path):
    """The output table of runs of earlier commits, which do not name their tree, holds others."""
    stream = open_corpus(sentences, CONFIG, show_progress=False)
    for layer in ("negative_sampling", "hierarchical_softmax"):
        config = dataclasses.replace(CONFIG, output_layer=layer, negatives_per_block=None)
        now = RunIdentity.of(config, stream)
        saved = now.to_json()
        now.check_resumable(tmp_path, saved)
        tree = saved.pop("huffman_tree")
        assert bool(tree) == (layer == "hierarchical_softmax")
        if tree:
            with pytest.raises(InputError, match="huffman_tree is 'as deep as its counts make it'"):
                now.check_resumable(tmp_path, saved)
        else:
            now.check_resumable(tmp_path, saved)
