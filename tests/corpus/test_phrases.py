"""Phrases against an obvious counter, and against gensim's."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from gensim.models.phrases import Phrases as GensimPhrases
from zipf import zipf_sentences

import jaxw2v
from jaxw2v import Config, InputError, TextSettings
from jaxw2v.corpus import Known, Phrases, encode, open_corpus

SETTINGS = TextSettings(min_count=1, phrase_passes=1, phrase_threshold=3.0, phrase_min_count=4)


@pytest.fixture(scope="module")
def sentences():
    """Zipf's law, with new york city, los angeles and ice cream put in here and there."""
    rng = np.random.default_rng(0)
    made = zipf_sentences(60, 12, 500)
    for phrase in (["new", "york"], ["new", "york", "city"], ["los", "angeles"], ["ice", "cream"]):
        for i in rng.choice(len(made), 40, replace=False):
            at = rng.integers(len(made[i]) + 1)
            made[i][at:at] = phrase
    return made


def read(stream):
    ids, numbers = stream.read(0, len(stream))
    words = [stream.vocabulary.words[i] for i in ids]
    sentences = [[] for _ in range(max(numbers) + 1)]
    for word, number in zip(words, numbers, strict=True):
        sentences[number].append(word)
    return sentences


def one_pass(sentences, settings):
    """The definition, on lists."""
    words = Counter(w for s in sentences for w in s)
    pairs = Counter(p for s in sentences for p in itertools.pairwise(s))
    total, chosen = sum(words.values()), {}
    for (a, b), n in pairs.items():
        if settings.phrase_scoring == "mikolov":
            score = (n - settings.phrase_min_count) * total / (words[a] * words[b])
        else:
            score = math.log(n * total / (words[a] * words[b])) / -math.log(n / total)
        if n >= settings.phrase_min_count and score > settings.phrase_threshold:
            chosen[a, b] = score
    joined = []
    for sentence in sentences:
        made, i = [], 0
        while i < len(sentence):
            pair = tuple(sentence[i : i + 2])
            made.append("_".join(pair) if pair in chosen else sentence[i])
            i += 1 + (pair in chosen)
        joined.append(made)
    return joined, chosen


@pytest.mark.parametrize(("scoring", "threshold"), [("mikolov", 3.0), ("npmi", 0.15)])
@pytest.mark.parametrize("passes", [1, 2, 3])
@pytest.mark.parametrize("tokens_per_shard", [1 << 24, 700])
def test_phrases_are_those_of_the_definition(
    sentences, monkeypatch, scoring, threshold, passes, tokens_per_shard
):
    monkeypatch.setattr(encode, "TOKENS_PER_SHARD", tokens_per_shard)
    monkeypatch.setattr("jaxw2v.corpus.text.LINES_PER_BATCH", 50)
    settings = TextSettings(
        min_count=1,
        phrase_passes=passes,
        phrase_scoring=scoring,
        phrase_threshold=threshold,
        phrase_min_count=4,
    )
    stream = open_corpus(sentences, settings, show_progress=False)
    expected, rows = sentences, []
    for number in range(1, passes + 1):
        expected, chosen = one_pass(expected, settings)
        rows += [(number, a, b, score) for (a, b), score in chosen.items()]
    assert read(stream) == expected
    found = {(n, a, b): score for n, a, b, score in stream.phrases.table.iter_rows()}
    assert found == pytest.approx({(n, a, b): score for n, a, b, score in rows})
    assert stream.phrases.passes == max(number for number, *_ in rows)
    counts = Counter(word for sentence in expected for word in sentence)
    vocabulary = dict(zip(stream.vocabulary.words, stream.vocabulary.counts, strict=True))
    assert vocabulary == counts
    assert "new_york" in vocabulary
    assert ("new_york_city" in vocabulary) == (passes > 1)
    assert stream.raw_words == sum(map(len, sentences))
    assert [stream.phrases.join(s) for s in sentences] == expected


def test_spellings_of_a_word_make_the_same_phrases(sentences):
    texts = [" ".join(s) for s in sentences]
    spelled = [
        text.replace("york", "yo\u00adrk")
        if number % 2
        else text.replace("york", "Yor\u2060k\u200d")
        for number, text in enumerate(texts)
    ]
    plain, stream = (
        open_corpus(corpus, SETTINGS, show_progress=False) for corpus in (texts, spelled)
    )
    assert "new_york" in plain.vocabulary
    assert read(stream) == read(plain)
    assert stream.phrases.digest == plain.phrases.digest


def test_phrases_are_gensims(sentences):
    settings = TextSettings(
        min_count=1, phrase_passes=1, phrase_scoring="npmi", phrase_threshold=0.2
    )
    stream = open_corpus(sentences, settings, show_progress=False)
    theirs = GensimPhrases(sentences, min_count=5, threshold=0.2, scoring="npmi")
    assert read(stream) == [theirs[sentence] for sentence in sentences]
    scores = {f"{a}_{b}": score for _, a, b, score in stream.phrases.table.iter_rows()}
    assert scores == pytest.approx(theirs.export_phrases())


def test_phrases_of_one_text_are_joined_in_another(sentences):
    stream = open_corpus(sentences, SETTINGS, show_progress=False)
    other = [["in", "new", "york", "city"], ["cream", "ice", "cream"]]
    known = Known(stream.vocabulary, stream.phrases, grow=True)
    found = open_corpus(other, TextSettings(min_count=1), known, show_progress=False)
    assert read(found) == [["in", "new_york", "city"], ["cream", "ice_cream"]]
    assert found.phrases.digest == stream.phrases.digest


@pytest.mark.slow
def test_a_killed_encoding_with_phrases_goes_on(sentences, tmp_path, monkeypatch):
    """Wherever it stops, what is there is taken up, and the stream is the same."""
    text = tmp_path / "a.txt"
    text.write_text("\n".join(map(" ".join, sentences)))
    settings = TextSettings(min_count=1, phrase_passes=2, phrase_threshold=3.0)
    monkeypatch.setattr(encode, "TOKENS_PER_SHARD", 2_000)
    monkeypatch.setattr("jaxw2v.corpus.text.CHUNK_BYTES", 5_000)
    whole = jaxw2v.encode_corpus(text, tmp_path / "whole", settings, show_progress=False)
    assert len(whole.shards) > 2
    from jaxw2v import atomic
    from jaxw2v.corpus import parts

    calls = 0

    def stop_at(number):
        def rename(path):
            nonlocal calls
            calls += 1
            if calls == number:
                raise KeyboardInterrupt
            return atomic.renamed_when_complete(path)

        return rename

    stops = 0
    for number in range(1, 60, 3):
        folder, calls = tmp_path / f"s{number}", 0
        for module in (encode, parts):
            monkeypatch.setattr(module, "renamed_when_complete", stop_at(number))
        try:
            jaxw2v.encode_corpus(text, folder, settings, show_progress=False)
        except KeyboardInterrupt:
            stops += 1
        stream = jaxw2v.encode_corpus(text, folder, settings, show_progress=False)
        assert stream.digest == whole.digest
        assert stream.phrases.digest == whole.phrases.digest
        assert not (folder / "parts").exists()
    assert stops > 5


@pytest.mark.slow
def test_phrases_are_stored_with_the_run_and_used_for_its_validation(sentences, tmp_path):
    config = Config(min_count=1, embedding_dim=4, epochs=1, phrase_passes=1, phrase_threshold=3.0)
    config_of_text = sentences, config
    wv = jaxw2v.train(
        *config_of_text, out=tmp_path / "run", validation=sentences[:50], show_progress=False
    )
    assert "new_york" in wv
    phrases = Phrases.load(tmp_path / "run" / "phrases.tsv")
    assert phrases.join(["in", "new", "york"]) == ["in", "new_york"]


def test_what_cannot_be(tmp_path):
    with pytest.raises(InputError, match="phrase_scoring is 'npmi', which has no effect when phra"):
        TextSettings(phrase_scoring="npmi")
    with pytest.raises(InputError, match="phrase_passes is -1"):
        TextSettings(phrase_passes=-1)
    path = tmp_path / "phrases.tsv"
    for content in ("", "nonsense", "pass\tfirst\tsecond\tscore\nx\ty\tz\t1\n"):
        path.write_text(content)
        with pytest.raises(InputError, match="cannot read the phrases"):
            Phrases.load(path)


def test_nothing_to_join_changes_nothing():
    settings = TextSettings(min_count=1, phrase_passes=2)
    stream = open_corpus([["a"], ["b", "c"]], settings, show_progress=False)
    assert read(stream) == [["a"], ["b", "c"]]
    assert not len(stream.phrases.table)
