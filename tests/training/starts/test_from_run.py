"""Runs that go on with other text."""

import dataclasses
import json
import shutil
import warnings
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from start_cases import CONFIG, MESHES, StopAfterEpoch, in_word_order, laid_out, quiet
from zipf import zipf_sentences

from jaxw2v import Checkpointing, Config, InputError, WordVectors, train
from jaxw2v.cli import main
from jaxw2v.corpus import Known, Vocabulary, open_corpus
from jaxw2v.run_folder import steps_in
from jaxw2v.sampling import (
    finite_table_counts,
    noise_distribution,
    noise_probability,
    percentile_threshold,
)
from jaxw2v.training.checkpoints.reader import read_arrays, read_record
from jaxw2v.training.checkpoints.stored_state import to_arrays
from jaxw2v.training.starts.from_run import EarlierRun
from jaxw2v.training.step.state import place_initial_state

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def other_sentences():
    """Half of the words are new, some old ones do not occur."""
    return [[f"x{w}" if w[-1] in "13579" else w for w in s] for s in zipf_sentences(260, 20, 200)]


@pytest.fixture(scope="module")
def earlier(sentences, tmp_path_factory):
    folder = tmp_path_factory.mktemp("earlier") / "run"
    quiet(sentences, dataclasses.replace(CONFIG, window=3), out=folder)
    return folder


def saved_arrays(folder):
    """The arrays of the newest checkpoint, rows in the order of the words."""
    step = steps_in(folder / "checkpoints")[0]
    path = folder / "checkpoints" / str(step)
    record = read_record(path)
    place = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    shapes = {
        name: jax.ShapeDtypeStruct(array["shape"], array["dtype"], sharding=place)
        for name, array in record["arrays"].items()
    }
    size = len(Vocabulary.load(folder / "vocabulary.tsv"))
    arrays = read_arrays(path, shapes, record)
    return {n: in_word_order(a, size) if a.ndim > 1 else np.asarray(a) for n, a in arrays.items()}


@pytest.mark.filterwarnings("ignore:mesh .* leaves:UserWarning")
@pytest.mark.parametrize("mesh", MESHES)
def test_tables_and_moments_of_another_run_are_taken_over(earlier, other_sentences, mesh):
    run = EarlierRun(earlier)
    config = run.settle(CONFIG)
    stream = open_corpus(other_sentences, config, run.known(False), show_progress=False)
    job, layout = laid_out(stream, config, mesh)
    state, key = place_initial_state(job, layout)
    usual = {name: np.asarray(array) for name, array in to_arrays(state, key).items()}
    found = to_arrays(run.start().change(state, job, layout), key)
    expected, size, old = saved_arrays(earlier), len(stream.vocabulary), len(run.vocabulary)
    assert 300 == old < size
    names = {name for name, array in expected.items() if array.ndim > 1}
    assert names >= {"input_embedding", "output_embedding", "input_optimizer-0-squares"}
    for name in names:
        rows = in_word_order(found[name], size)
        np.testing.assert_array_equal(rows[:old], expected[name])
        np.testing.assert_array_equal(rows[old:], in_word_order(usual[name], size)[old:])
        assert np.abs(rows[:old]).max() > 0
    assert int(found["input_optimizer-0-count"]) == int(expected["input_optimizer-0-count"]) > 0


def test_a_run_goes_on_with_new_text(earlier, other_sentences, sentences, tmp_path):
    before = WordVectors.load(earlier)
    out = tmp_path / "new"
    wv = quiet(other_sentences, Config(tokens_per_step=512), out=out, continue_from=earlier)
    assert wv.words[: len(before)] == before.words
    new = set(wv.words) - set(before.words)
    assert {"xw1", "xw3"} <= new
    assert all(word.startswith("x") for word in new)
    absent = [w for w in before.words if wv.counts[wv.vocabulary[w]] == 0]
    assert {"w1", "w3"} <= set(absent)
    # Neither a word nor a negative: a word that does not occur stays where it was.
    np.testing.assert_array_equal(wv[absent], before[absent])
    assert not np.allclose(wv["w0"], before["w0"])
    settings = json.loads((out / "config.json").read_text())
    assert (settings["embedding_dim"], settings["window"], settings["epochs"]) == (6, 3, 5)

    kept = quiet(other_sentences, CONFIG, continue_from=earlier, keep_vocabulary=True)
    assert kept.words == before.words

    # It can be resumed, and continued itself.
    part = tmp_path / "part"
    quiet(other_sentences, CONFIG, out=part, continue_from=earlier, callbacks=[StopAfterEpoch()])
    resumed = quiet(other_sentences, CONFIG, out=part, continue_from=earlier, resume=True)
    whole = quiet(other_sentences, CONFIG, continue_from=earlier)
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)
    again = quiet(sentences, CONFIG, continue_from=part)
    assert again.words == resumed.words


def test_a_run_without_checkpoints_gives_its_vectors(sentences, other_sentences, tmp_path, capsys):
    nothing = Checkpointing(keep_checkpoints=0)
    before = quiet(sentences, out=tmp_path / "run", checkpointing=nothing)
    out = tmp_path / "new"
    train(other_sentences, CONFIG, out=out, continue_from=tmp_path / "run")
    said = capsys.readouterr().err
    assert "going on from" in said
    assert "300 words, 130 of them in this text, without the optimizer's state" in said
    wv = WordVectors.load(out)
    np.testing.assert_array_equal(wv[["w1", "w3"]], before[["w1", "w3"]])


def test_moments_survive_frozen_rows_and_norms(sentences, pretrained, tmp_path):
    """However the optimizer was wrapped."""
    frozen = dataclasses.replace(CONFIG, freeze_loaded=True, epochs=1)
    quiet(sentences, frozen, init_from=pretrained, out=tmp_path / "frozen")
    run = EarlierRun(tmp_path / "frozen")
    config = dataclasses.replace(run.settle(CONFIG), max_norm=2.0)
    stream = open_corpus(sentences, config, run.known(True), show_progress=False)
    job, layout = laid_out(stream, config, None)
    state, key = place_initial_state(job, layout)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = to_arrays(run.start().change(state, job, layout), key)
    expected = saved_arrays(tmp_path / "frozen")["input_optimizer-optimizer-0-squares"]
    np.testing.assert_array_equal(in_word_order(found["input_optimizer-0-squares"], 300), expected)
    assert expected.any()
    with pytest.warns(RuntimeWarning, match=r"has no \w+_optimizer-0-trace to go on with"):
        quiet(
            sentences,
            config,
            continue_from=tmp_path / "frozen",
            optimizer=optax.sgd(0.01, momentum=0.9),
        )


def test_tables_that_do_not_fit_are_refused(sentences, tmp_path):
    nothing = Checkpointing(keep_checkpoints=0)
    quiet(sentences, CONFIG, out=tmp_path / "run", checkpointing=nothing)
    path = tmp_path / "run" / "config.json"
    path.write_text(path.read_text().replace('"embedding_dim": 6', '"embedding_dim": 7'))
    with pytest.raises(InputError, match="its input_embedding is missing or of another length"):
        quiet(sentences, Config(), continue_from=tmp_path / "run")
    path.write_text("[1]")
    with pytest.raises(InputError, match="holds no settings"):
        quiet(sentences, Config(), continue_from=tmp_path / "run")


def test_phrases_of_the_earlier_run_are_joined(tmp_path):
    text = [[f"v{i % 9}", "new", "york", f"w{i % 7}", f"w{i % 5}"] for i in range(60)]
    settings = Config(
        embedding_dim=4,
        min_count=1,
        epochs=1,
        phrase_passes=1,
        phrase_threshold=2.0,
        subsample_threshold=0.0,
    )
    first = quiet([*text, *[["new"], ["york"]] * 9], settings, out=tmp_path / "run")
    assert "new_york" in first
    settings_of_its_own = Config(epochs=1)
    # As after a run that was killed in its first epoch.
    killed = Path(shutil.copytree(tmp_path / "run", tmp_path / "killed"))
    for name in ("phrases.tsv", "vectors.safetensors", "config.json"):
        (killed / name).unlink()
    other = [["new", "york", "city"]] * 9
    assert "new_york" in quiet(other, Config(epochs=1), continue_from=killed).vocabulary.ids
    (killed / "checkpoints" / "phrases.tsv").unlink()
    with pytest.raises(InputError, match="are not the phrases of step"):
        quiet(other, Config(epochs=1), continue_from=killed)
    wv = quiet(other, settings_of_its_own, continue_from=tmp_path / "run", out=tmp_path / "b")
    assert "city" in wv
    assert wv.counts[wv.vocabulary["new_york"]] == 9
    assert (tmp_path / "b" / "phrases.tsv").read_bytes() == (
        tmp_path / "run" / "phrases.tsv"
    ).read_bytes()


def test_phrases_of_a_run_that_is_replaced_are_forgotten(tmp_path):
    text = [[f"v{i % 9}", "new", "york"] for i in range(60)]
    common = {"embedding_dim": 4, "min_count": 1, "epochs": 1, "subsample_threshold": 0.0}
    for threshold, found in ((2.0, 1), (1e9, 0), (2.0, 1)):
        settings = Config(**common, phrase_passes=1, phrase_threshold=threshold)
        quiet(text, settings, out=tmp_path / "run", overwrite=True)
        assert EarlierRun(tmp_path / "run").phrases.passes == found
    quiet(text, Config(**common), out=tmp_path / "run", overwrite=True)
    assert not (tmp_path / "run" / "phrases.tsv").exists()


def test_what_cannot_be_started_from(sentences, earlier, pretrained, tmp_path):
    wide = WordVectors(Vocabulary(("w1",), np.array([1])), np.ones((1, 9)))
    strange = WordVectors(Vocabulary(("q1",), np.array([1])), np.ones((1, 6)))
    tree = dataclasses.replace(CONFIG, output_layer="hierarchical_softmax", epochs=1)
    quiet(sentences, tree, out=tmp_path / "tree")
    frozen = dataclasses.replace(CONFIG, freeze_loaded=True)
    for options, message in [
        ({"init_from": wide}, "9 components and embedding_dim is 6; give --embedding-dim 9"),
        ({"init_from": strange}, "has none of the 300 words of the text: 'q1' there"),
        ({"init_from": tmp_path / "none"}, "none: no such file or folder"),
        ({"init_from": pretrained, "continue_from": earlier}, "not both"),
        ({"keep_vocabulary": True}, "keep_vocabulary has an effect with continue_from only"),
        ({"config": frozen}, "freeze_loaded has an effect with init_from only"),
        ({"continue_from": tmp_path}, "holds no run; give a folder that jaxw2v train wrote"),
        ({"continue_from": tmp_path / "tree"}, "its output layer is a tree"),
        ({"continue_from": earlier, "out": earlier}, "is the run that is continued"),
        (
            {"continue_from": earlier, "config": dataclasses.replace(CONFIG, embedding_dim=7)},
            "embedding_dim is 7 and .* was trained with 6; leave it out",
        ),
    ]:
        with pytest.raises(InputError, match=message):
            quiet(sentences, **{"config": CONFIG} | options)


def test_a_damaged_earlier_run(earlier, sentences, tmp_path):
    copy = Path(shutil.copytree(earlier, tmp_path / "words"))
    (copy / "checkpoints" / "vocabulary.tsv").write_text("no\t5\n")
    with pytest.raises(InputError, match="is not the vocabulary of step"):
        quiet(sentences, continue_from=copy)
    (copy / "checkpoints" / "vocabulary.tsv").write_text("no\t5")
    with pytest.raises(InputError, match="cut short"):
        quiet(sentences, continue_from=copy)
    copy = Path(shutil.copytree(earlier, tmp_path / "newer"))
    marker = copy / "jaxw2v.json"
    marker.write_text(marker.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(InputError, match="is of format 2"):
        quiet(sentences, continue_from=copy)
    copy = Path(shutil.copytree(earlier, tmp_path / "records"))
    for file in copy.rglob("_CHECKPOINT_METADATA"):
        file.write_text("{")
    with (
        pytest.warns(RuntimeWarning, match="passed over"),
        pytest.raises(InputError, match="none of its checkpoints can be used"),
    ):
        quiet(sentences, continue_from=copy)


def test_the_command_line(earlier, sentences, pretrained, tmp_path, capsys):
    text = tmp_path / "t.txt"
    text.write_text("\n".join(map(" ".join, sentences[:150])))
    pretrained.export(tmp_path / "v.glove", "glove")
    start = ["train", str(text), "--no-compilation-cache", "--epochs", "1", "--out"]
    settings = ["--min-count", "1", "--embedding-dim", "6"]
    loaded = ["--init-from", str(tmp_path / "v.glove"), "--freeze-loaded", *settings]
    assert main([*start, str(tmp_path / "a"), *loaded]) == 0
    assert "words start from the given vectors" in capsys.readouterr().err
    np.testing.assert_array_equal(
        WordVectors.load(tmp_path / "a")["w0"], WordVectors.load(tmp_path / "v.glove")["w0"]
    )
    assert main([*start, str(tmp_path / "b"), "--continue-from", str(earlier)]) == 0
    assert "going on from" in capsys.readouterr().err
    assert main([*start, str(tmp_path / "c"), "--continue-from", str(tmp_path / "no")]) == 2
    assert "holds no run" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_words_that_do_not_occur_are_never_drawn(sentences, other_sentences):
    counts = np.array([5, 0, 3, 0, 1])
    for exponent in (0.75, 0.0, -1.0):
        chances = noise_probability(noise_distribution(counts, exponent))
        expected = np.where(counts > 0, np.maximum(counts, 1.0) ** exponent, 0)
        np.testing.assert_allclose(chances, expected / expected.sum(), atol=1e-8)
    assert percentile_threshold(counts, 50) == 3 / 9
    assert finite_table_counts(counts, 1.0, 9).tolist() == [5, 0, 3, 0, 1]
    stream = open_corpus(sentences, CONFIG, show_progress=False)
    other = open_corpus(other_sentences, CONFIG, Known(stream.vocabulary), show_progress=False)
    assert (other.vocabulary.counts == 0).sum() > 100
