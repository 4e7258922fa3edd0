"""Token streams of many shards: what is in them, taking up work, bounded counting, damage."""

import dataclasses
import itertools
import json
import re
import shutil

import numpy as np
import oracles
import pytest

from jaxw2v import Config, Files, InputError, TextSettings, encode_corpus, train
from jaxw2v.cli import main
from jaxw2v.corpus import TokenStream, encode, open_corpus, text
from jaxw2v.corpus.token_stream import META

SETTINGS = TextSettings(min_count=3)


@pytest.fixture
def sentences():
    rng = np.random.default_rng(0)
    words = [f"w{i}é" for i in range(60)]
    return [[words[int(i)] for i in rng.zipf(1.5, rng.integers(0, 90)) % 60] for _ in range(120)]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Shards of about a hundred tokens, which cut sentences."""
    monkeypatch.setattr(text, "CHUNK_BYTES", 128)
    monkeypatch.setattr(encode, "TOKENS_PER_SHARD", 90)
    monkeypatch.setattr(encode, "TOKENS_PER_PASS", 37)


@pytest.fixture
def corpus(sentences, tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("\n".join(map(" ".join, sentences)))
    return path


def sentences_of(stream):
    ids, numbers = stream.read(0, len(stream))
    assert numbers.tolist() == sorted(numbers.tolist())
    assert set(numbers.tolist()) == set(range(stream.num_sentences))
    return [part.tolist() for part in np.split(ids, np.flatnonzero(np.diff(numbers)) + 1)]


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_shards_hold_what_one_piece_would(sentences, corpus, tmp_path):
    stream = encode_corpus(corpus, tmp_path / "s", SETTINGS, show_progress=False)
    vocabulary, counts, encoded = oracles.encode(sentences, 3)
    assert list(stream.vocabulary.words) == vocabulary
    assert stream.vocabulary.counts.tolist() == counts
    assert sentences_of(stream) == encoded
    assert len(stream.shards) > 20
    assert sum(shard.continues for shard in stream.shards) > 5
    assert stream.longest_sentence == max(map(len, encoded))
    ids, numbers = stream.read(0, len(stream))
    rng = np.random.default_rng(1)
    for start, stop in np.sort(rng.integers(0, len(stream) + 1, (200, 2))):
        part = stream.read(int(start), int(stop))
        assert part[0].tolist() == ids[start:stop].tolist()
        assert part[1].tolist() == numbers[start:stop].tolist()
    chosen = rng.random(stream.num_sentences) < 0.3
    picked = [sentence for sentence, take in zip(encoded, chosen, strict=True) if take]
    assert sentences_of(stream.select(chosen)) == picked
    whole = TokenStream.from_arrays(
        ids, np.cumsum([len(sentence) for sentence in encoded]), stream.vocabulary, 0
    )
    assert sentences_of(whole) == encoded


@pytest.mark.slow
def test_training_on_shards_is_training_on_the_text(corpus, tmp_path, monkeypatch):
    encode_corpus(corpus, tmp_path / "s", SETTINGS, show_progress=False)
    config = Config(min_count=3, embedding_dim=8, epochs=2, tokens_per_step=256)
    of_folder = train(tmp_path / "s", config, show_progress=False)
    monkeypatch.undo()
    of_text = train(corpus, config, show_progress=False)
    np.testing.assert_array_equal(of_folder.vectors, of_text.vectors)


@pytest.mark.slow
def test_work_that_was_interrupted_is_taken_up(corpus, tmp_path, monkeypatch):
    """Interrupted at every file that appears, one after another, it ends as if it had not been."""
    encode_corpus(corpus, tmp_path / "whole", SETTINGS, show_progress=False)
    original = encode.renamed_when_complete
    tokenized = []
    tokenize = encode._tokenize
    monkeypatch.setattr(
        encode, "_tokenize", lambda batches, t: tokenized.append(1) or tokenize(batches, t)
    )
    attempts = 0
    for allowed in itertools.count(1, 3):
        made = itertools.count()

        def limited(path, made=made, allowed=allowed):
            if next(made) >= allowed:
                raise KeyboardInterrupt
            return original(path)

        monkeypatch.setattr(encode, "renamed_when_complete", limited)
        attempts += 1
        try:
            encode_corpus(corpus, tmp_path / "s", SETTINGS, show_progress=False)
            break
        except KeyboardInterrupt:
            assert not (tmp_path / "s" / META).exists()
            with pytest.raises(InputError, match="is not complete; run jaxw2v encode again"):
                open_corpus(tmp_path / "s", Config(), show_progress=False)
    assert attempts > 5
    assert content(tmp_path / "s") == content(tmp_path / "whole")
    # Each shard is tokenized once, and once more where the interruption fell into it.
    shards = len(TokenStream.load(tmp_path / "s").shards)
    assert shards <= len(tokenized) <= shards + attempts


@pytest.mark.slow
def test_a_folder_of_something_else_is_left_alone(corpus, tmp_path):
    folder = tmp_path / "s"
    encode_corpus(corpus, folder, SETTINGS, show_progress=False)
    before = content(folder)
    other = TextSettings(min_count=2)
    with pytest.raises(InputError, match="of other text or settings; choose another --out"):
        encode_corpus(corpus, folder, other, show_progress=False)
    assert content(folder) == before
    encode_corpus(corpus, folder, SETTINGS, show_progress=False)
    assert content(folder) == before
    assert len(encode_corpus(corpus, folder, other, True, show_progress=False).vocabulary) > 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").touch()
    for out, message in [
        (tmp_path / "mine", "not known to be a file of jaxw2v"),
        (corpus, "is a file"),
    ]:
        with pytest.raises(InputError, match=message):
            encode_corpus(corpus, out, SETTINGS, overwrite=True, show_progress=False)


@pytest.mark.slow
def test_settings_of_an_encoded_folder(corpus, tmp_path):
    folder = tmp_path / "s"
    encode_corpus(corpus, folder, TextSettings(min_count=3, tokenizer="whitespace"), False, False)
    small = {"embedding_dim": 8, "epochs": 1, "tokens_per_step": 256}
    train(folder, Config(**small), out=tmp_path / "o", show_progress=False)
    assert json.loads((tmp_path / "o" / "config.json").read_text())["tokenizer"] == "whitespace"
    with pytest.raises(InputError, match="encoded with min_count 3 and min_count is 4; leave it"):
        train(folder, Config(min_count=4, **small), show_progress=False)
    with pytest.raises(InputError, match="another vocabulary"):
        train([["a", "b"]] * 99, Config(**small), validation=folder, show_progress=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f.write_bytes(f.read_bytes()[:-4]), r"shard-00003.ids: is cut short .* bytes"),
        (lambda f: f.unlink(), r"shard-00003.ids"),
        (lambda f: f.write_bytes(b"\xff" * f.stat().st_size), "damaged: it holds an id outside"),
    ],
    ids=["cut short", "missing", "altered"],
)
def test_a_damaged_shard_is_an_error_in_one_line(corpus, tmp_path, capsys, damage, message):
    folder = tmp_path / "s"
    encode_corpus(corpus, folder, SETTINGS, show_progress=False)
    damage(folder / "shard-00003.ids")
    arguments = ["train", str(folder), "--out", str(tmp_path / "o"), "--embedding-dim", "8"]
    assert main([*arguments, "--tokens-per-step", "256"]) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert re.search(message, error.splitlines()[-1])
    assert not (tmp_path / "o").exists()


@pytest.mark.slow
def test_a_cap_on_counting_is_said(corpus, tmp_path, capsys):
    arguments = ["encode", str(corpus), "--out", str(tmp_path / "s"), "--min-count", "1"]
    with pytest.warns(RuntimeWarning, match="more than 20 different words"):
        encode_corpus(
            Files(str(corpus)), tmp_path / "t", TextSettings(max_counted=20), False, False
        )
    assert main(arguments) == 0
    assert "different ones, in" in capsys.readouterr().out
    assert main([*arguments, "--min-count", "2"]) == 2
    assert "of other text or settings" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "s")
    assert main(["encode", str(tmp_path / "no"), "--out", str(tmp_path / "s")]) == 2
    assert not (tmp_path / "s").exists()


def test_a_folder_whose_name_looks_like_a_pattern_is_no_pattern(sentences, corpus, tmp_path):
    settings = dataclasses.replace(SETTINGS, phrase_passes=1, phrase_threshold=0.01)
    plain = encode_corpus(corpus, tmp_path / "s", settings, show_progress=False)
    stream = encode_corpus(corpus, tmp_path / "é [1]*?", settings, show_progress=False)
    assert stream.vocabulary.words == plain.vocabulary.words
    assert sentences_of(stream) == sentences_of(plain)
    assert open_corpus(tmp_path / "é [1]*?", settings, show_progress=False).phrases.passes
