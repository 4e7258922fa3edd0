"""Training on a stream of one's own: what is refused before anything is trained or written."""

import numpy as np
import pytest

from jaxw2v import Config, InputError
from jaxw2v.corpus import TokenStream, Vocabulary
from jaxw2v.devices import mesh as meshes
from jaxw2v.training import fit

SMALL = Config(embedding_dim=4, min_count=1, epochs=1, tokens_per_step=512)


def stream_of(*lengths, words=("a", "b", "c")):
    ids = np.random.default_rng(0).integers(0, len(words), sum(lengths)).astype(np.int32)
    vocabulary = Vocabulary(words, np.arange(len(words), 0, -1) * 50)
    return TokenStream.from_arrays(ids, np.cumsum(lengths), vocabulary, sum(lengths))


def quiet(stream, config=SMALL, **options):
    return fit(stream, config, show_progress=False, **options)


@pytest.mark.parametrize(
    ("stream", "settings", "message"),
    [
        (stream_of(1, 1, 1), {}, "no pair can be formed: no sentence holds two words"),
        (stream_of(9, words=("a",)), {}, "no pair can be formed"),
        (
            stream_of(5, 4),
            {"require_full_window": True, "window_sampling": "fixed", "window": 3},
            "no window is full: the longest sentence has 5 words .* a full window needs 7",
        ),
        (stream_of(9), {"probe_words": ("d",)}, "probe word 'd' is not in the vocabulary"),
        (stream_of(9), {"patience": 2}, "patience is 2 and no validation loss is measured"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_before_a_folder_is_made(
    stream, settings, message, tmp_path
):
    config = Config(embedding_dim=4, min_count=1, **settings)
    with pytest.raises(InputError, match=message):
        quiet(stream, config, folder=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_validation_text_has_the_same_words():
    with pytest.raises(InputError, match="validation was encoded with another vocabulary"):
        quiet(stream_of(9), validation=stream_of(9, words=("a", "c", "b")))


def test_a_cpu_has_to_have_room_for_the_vectors_beside_the_tables(monkeypatch, tmp_path):
    stream, config = stream_of(*[20] * 100), Config(embedding_dim=50_000, min_count=1)
    tables = 2 * 256 * 50_000 * 4
    # Enough for a step, and for one table in the order of the words.
    monkeypatch.setattr(meshes, "memory_of", lambda device, sharers=1: tables * 7 // 4)
    with pytest.raises(InputError, match=r"the tables need 0\.2 GiB on each device of mesh 1x1"):
        quiet(stream, config, folder=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_resuming_needs_a_folder():
    with pytest.raises(InputError, match="resume needs the folder of the run; give folder"):
        quiet(stream_of(9), resume=True)


@pytest.mark.slow
def test_a_stream_is_trained_on_and_each_epoch_is_told():
    told = []
    wv = quiet(
        stream_of(*[20] * 100),
        Config(embedding_dim=4, min_count=1, epochs=2, tokens_per_step=512),
        on_epoch=lambda wv, metrics: told.append((len(wv), [m["epoch"] for m in metrics])),
    )
    assert wv.words == ("a", "b", "c")
    assert told == [(3, [1]), (3, [1, 2])]
    assert np.isfinite(wv.vectors).all()
