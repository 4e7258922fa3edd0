"""Runs, streams and caches of before the tokenizer ``words`` had a number."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest
from zipf import zipf_sentences

from jaxw2v import Callback, Checkpointing, Config, InputError, TextSettings, WordVectors, train
from jaxw2v.cli import main
from jaxw2v.corpus import encode_corpus
from jaxw2v.training.checkpoints.identity import RunIdentity

CONFIG = Config(embedding_dim=6, min_count=1, tokens_per_step=512, epochs=2)
OLD = dataclasses.replace(CONFIG, tokenizer="words-1")
# One word today, two for words-1.
JOINED = "w1\u200cw2"


class StopAfterEpoch(Callback):
    def on_epoch_end(self, wv, metrics):
        return True


@pytest.fixture
def text(tmp_path):
    lines = [" ".join(s) for s in zipf_sentences(300, 20, 300)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join([*lines, f"{JOINED} w3 {JOINED}"]))
    return path


@contextlib.contextmanager
def old_version(monkeypatch):
    """What an earlier version writes calls that tokenizer ``words``."""
    identity, to_json = RunIdentity.to_json, Config.to_json

    def unnumbered(settings):
        return settings | {"tokenizer": "words"}

    with monkeypatch.context() as patch:
        patch.setattr(RunIdentity, "to_json", lambda self: unnumbered(identity(self)))
        patch.setattr(
            Config, "to_json", lambda self: json.dumps(unnumbered(json.loads(to_json(self))))
        )
        yield


@pytest.fixture
def old_run(text, tmp_path, monkeypatch):
    """Makes a run of an earlier version that was stopped after an epoch."""

    def run(**options):
        folder = tmp_path / "run"
        with old_version(monkeypatch):
            quiet(text, OLD, out=folder, callbacks=[StopAfterEpoch()], **options)
        assert json.loads((folder / "config.json").read_text())["tokenizer"] == "words"
        return folder

    return run


def quiet(corpus, config=CONFIG, **options):
    return train(str(corpus), config, show_progress=False, **options)


@pytest.mark.slow
def test_the_tokenizers_differ_on_this_text(text):
    assert JOINED in quiet(text).words
    assert JOINED not in quiet(text, OLD).words


@pytest.mark.slow
def test_an_old_run_is_resumed_with_its_tokenizer(text, old_run):
    folder = old_run()
    resumed = quiet(text, out=folder, resume=True)
    whole = quiet(text, OLD)
    assert resumed.words == whole.words
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)
    assert json.loads((folder / "config.json").read_text())["tokenizer"] == "words-1"
    with pytest.raises(InputError, match="tokenizer is 'words-1' there and 'whitespace' here"):
        quiet(text, dataclasses.replace(CONFIG, tokenizer="whitespace"), out=folder, resume=True)


@pytest.mark.slow
def test_an_old_run_without_checkpoints_is_resumed_with_its_tokenizer(text, old_run):
    folder = old_run(checkpointing=Checkpointing(keep_checkpoints=0))
    assert JOINED not in quiet(text, out=folder, resume=True).words


@pytest.mark.slow
def test_an_old_run_is_continued_with_its_tokenizer(text, old_run, tmp_path, capsys):
    folder = old_run()
    wv = train(str(text), CONFIG, out=tmp_path / "new", continue_from=folder)
    assert wv.words == WordVectors.load(folder).words
    assert "with its tokenizer words-1" in capsys.readouterr().err
    assert json.loads((tmp_path / "new" / "config.json").read_text())["tokenizer"] == "words-1"


@pytest.mark.slow
def test_a_new_run_keeps_the_new_tokenizer(text, tmp_path):
    quiet(text, out=tmp_path / "run", callbacks=[StopAfterEpoch()])
    assert JOINED in quiet(text, out=tmp_path / "run", resume=True).words
    assert JOINED in quiet(text, continue_from=tmp_path / "run").words


@pytest.mark.slow
def test_an_old_stream_is_taken_as_it_was_encoded_and_never_for_a_new_one(text, tmp_path):
    out = tmp_path / "stream"
    encode_corpus(str(text), out, TextSettings(min_count=1, tokenizer="words-1"))
    meta = json.loads((out / "meta.json").read_text())
    meta["settings"]["tokenizer"] = "words"
    (out / "meta.json").write_text(json.dumps(meta))
    quiet(out, out=tmp_path / "run")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["tokenizer"] == "words-1"
    with pytest.raises(InputError, match="holds a token stream of other text or settings"):
        encode_corpus(str(text), out, TextSettings(min_count=1))
    whitespace = dataclasses.replace(CONFIG, tokenizer="whitespace")
    with pytest.raises(InputError, match="encoded with tokenizer 'words-1' and tokenizer is 'wh"):
        quiet(out, whitespace)


@pytest.mark.slow
def test_an_old_run_is_exported_with_its_tokenizer(text, old_run, tmp_path):
    out = tmp_path / "static"
    main(["export", str(old_run()), "--format", "static-embedding", "--out", str(out)])
    tokenizer = json.loads((out / "tokenizer.json").read_text())
    assert tokenizer["normalizer"] == {"type": "Lowercase"}
    run = tmp_path / "new"
    quiet(text, out=run)
    main(["export", str(run), "--format", "static-embedding", "--out", str(out), "--overwrite"])
    tokenizer = json.loads((out / "tokenizer.json").read_text())
    assert tokenizer["normalizer"]["type"] == "Sequence"
