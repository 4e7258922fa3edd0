"""Another run is not gone on with."""

import dataclasses

import pytest
from stopped_runs import CONFIG, quiet

from jaxw2v import InputError
from jaxw2v.run_folder import steps_in


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
