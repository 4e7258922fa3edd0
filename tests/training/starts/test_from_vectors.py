"""Rows that start from given vectors."""

import dataclasses

import jax
import numpy as np
import optax
import pytest
from start_cases import CONFIG, MESHES, StopAfterEpoch, in_word_order, laid_out, quiet

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import open_corpus
from jaxw2v.training.starts.from_vectors import from_vectors, load_given
from jaxw2v.training.step.state import place_initial_state

pytestmark = pytest.mark.usefixtures("optax_promotes")


@pytest.mark.filterwarnings("ignore:mesh .* leaves:UserWarning")
@pytest.mark.parametrize("mesh", MESHES)
def test_rows_start_from_given_vectors(sentences, pretrained, mesh):
    stream = open_corpus(sentences, CONFIG, show_progress=False)
    words = stream.vocabulary.words
    job, layout = laid_out(stream, CONFIG, mesh)
    by_chance, _ = place_initial_state(job, layout)
    before = np.asarray(by_chance.input_embedding)
    start = from_vectors(pretrained, stream.vocabulary, freeze=False)
    state = start.change(by_chance, job, layout)
    rows = in_word_order(state.input_embedding, len(words))
    chance = in_word_order(before, len(words))
    for word, row, usual in zip(words, rows, chance, strict=True):
        if word in pretrained:
            usual = pretrained[word]
        np.testing.assert_array_equal(row, usual)
    assert state.input_embedding.sharding == by_chance.input_embedding.sharding
    found = [word in pretrained for word in words]
    assert start.facts["init_from"]["words_found"] == sum(found) == 100
    share = stream.vocabulary.counts[found].sum() / stream.vocabulary.counts.sum()
    assert start.facts["init_from"]["share_of_tokens_found"] == share


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mesh", "row_updates", "own"),
    [
        pytest.param(None, "sparse", False, marks=pytest.mark.lengthy),
        pytest.param("4x2", "dense", False, marks=pytest.mark.lengthy),
        (None, "dense", True),
        ("1x8", "sparse", True),
    ],
)
def test_frozen_rows_stay_and_the_others_move(
    sentences, pretrained, tmp_path, mesh, row_updates, own
):
    config = dataclasses.replace(CONFIG, freeze_loaded=True, row_updates=row_updates, max_norm=3.0)
    optimizer = optax.adam(0.05) if own else None
    pretrained.export(tmp_path / "v.txt", "word2vec-text")
    source = tmp_path / "v.txt" if own else pretrained
    wv = quiet(sentences, config, init_from=source, mesh=mesh, optimizer=optimizer)
    for word in wv.words:
        if word in pretrained:
            np.testing.assert_array_equal(wv[word], pretrained[word])
        else:
            # Farther than chance puts any.
            assert np.abs(wv[word]).max() > 0.5 / 6
    assert np.abs(wv.output_vectors).max() > 0.1
    free = dataclasses.replace(config, freeze_loaded=False, max_norm=None)
    moved = quiet(sentences, free, init_from=pretrained, mesh=mesh, optimizer=optimizer)
    assert not np.allclose(moved["w0"], pretrained["w0"])


@pytest.mark.slow
def test_a_frozen_run_is_resumed(sentences, pretrained, tmp_path):
    config = dataclasses.replace(CONFIG, freeze_loaded=True)
    whole = quiet(sentences, config, init_from=pretrained)
    run = {"out": tmp_path / "run", "init_from": pretrained}
    quiet(sentences, config, callbacks=[StopAfterEpoch()], **run)
    resumed = quiet(sentences, config, resume=True, **run)
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)
    changed = WordVectors(pretrained.vocabulary, pretrained.vectors + 1)
    with pytest.raises(InputError, match="holds another run: the start differs"):
        quiet(sentences, config, resume=True, out=tmp_path / "run", init_from=changed)


@pytest.mark.slow
def test_given_vectors_may_be_cut_over_devices(sentences, pretrained):
    whole = quiet(sentences, mesh="1x8")
    assert isinstance(whole.vectors, jax.Array)
    config = dataclasses.replace(CONFIG, freeze_loaded=True, epochs=1)
    wv = quiet(sentences, config, init_from=whole, mesh="2x2")
    np.testing.assert_array_equal(wv[list(wv.words)], whole[list(wv.words)])


def test_vectors_to_start_from_skip_rows_of_text_only(tmp_path):
    """After a bad row of a binary file nothing can be told; of a text file the others are right."""
    rows = np.arange(9, dtype="<f4").reshape(3, 3)
    lines = [
        w + b" " + r.tobytes() for w, r in zip((b"the", b"new york", b"cat"), rows, strict=True)
    ]
    (tmp_path / "v.bin").write_bytes(b"3 3\n" + b"".join(lines))
    with pytest.raises(InputError, match=r"v.bin: word 3: .*no row can be left out"):
        load_given(tmp_path / "v.bin", 3, show_progress=False)
    (tmp_path / "v.txt").write_text("3 3\nthe 0 1 2\nthe 3 4 5\ncat 6 7 8\n")
    with pytest.warns(RuntimeWarning, match="1 rows are left out: 1 where the word stands there"):
        wv = load_given(tmp_path / "v.txt", 3, show_progress=False)
    assert wv.words == ("the", "cat")
    assert wv.vectors.tolist() == [[0, 1, 2], [6, 7, 8]]
