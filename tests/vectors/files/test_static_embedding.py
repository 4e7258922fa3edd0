"""Round trips with model2vec."""

import numpy as np
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer, models, pre_tokenizers
from vector_files import load

from jaxw2v import InputError, TextSettings, WordVectors
from jaxw2v.corpus import open_corpus

SENTENCE = (
    "Don't say \"Naïve\" -- it's the year 1984; 東京 (e5)! "
    "می\u200cخو\u200c co\u00adop cafe\u0301 \ufe0f x\u200by\u200d- \u0301z"
)


@pytest.mark.parametrize(
    "tokenizer",
    ["words", "words-1", "words-2", "whitespace", "basic_english", r"regex:[\p{L}\p{M}\p{N}]+"],
)
def test_model2vec_means_the_words_that_we_find(tmp_path, tokenizer):
    """A text's embedding is the mean of the vectors of the words our tokenizer finds in it."""
    texts = [SENTENCE, "the year, the e5", "nothing known"]
    settings = TextSettings(tokenizer=tokenizer, min_count=1)
    stream = open_corpus(texts[:2], settings, show_progress=False)
    vectors = np.random.default_rng(0).normal(size=(len(stream.vocabulary), 5))
    ours = WordVectors(stream.vocabulary, vectors)
    ours.export(tmp_path / "static", "static-embedding", tokenizer)
    model = StaticModel.from_pretrained(tmp_path / "static")
    ids, sentences = stream.read(0, len(stream))
    expected = np.stack([ours.vectors[ids[sentences == i]].mean(0) for i in range(2)])
    np.testing.assert_allclose(model.encode(texts[:2]), expected, atol=1e-6)
    assert not model.encode(texts[2:]).any()


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "Unigram"])
def test_we_read_what_model2vec_writes(tmp_path, kind):
    words = ["[UNK]", "cat", "dog", "sky"]
    ids = {word: i for i, word in enumerate(words)}
    model = {
        "WordLevel": lambda: models.WordLevel(ids, unk_token="[UNK]"),
        "WordPiece": lambda: models.WordPiece(ids, unk_token="[UNK]"),
        "Unigram": lambda: models.Unigram([(word, -1.0) for word in words], 0),
    }[kind]()
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    StaticModel(vectors, tokenizer).save_pretrained(tmp_path / "plain")
    found = load(tmp_path / "plain")
    assert found.words == ("cat", "dog", "sky")
    np.testing.assert_array_equal(found.vectors, vectors[1:])

    mapping, weights = np.array([0, 1, 1, 2]), np.array([1, 2, 3, 4], np.float32)
    few = StaticModel(vectors[:3], tokenizer, weights=weights, token_mapping=mapping)
    few.save_pretrained(tmp_path / "few")
    found = load(tmp_path / "few", limit=2)
    assert found.words == ("cat", "dog")
    np.testing.assert_allclose(found.vectors, vectors[[1, 1]] * [[2], [3]], rtol=1e-6)


@pytest.mark.parametrize(
    "vocab", ["[[], []]", '{"a": 1e999}', '{"\\ud800": 0}', '{"a": 5}', "[" * 99_999, "7"]
)
def test_other_json_for_a_tokenizer(wv, tmp_path, vocab):
    wv.export(tmp_path / "m", "static-embedding")
    (tmp_path / "m" / "tokenizer.json").write_text(
        f'{{"model": {{"vocab": {vocab}}}, "added_tokens": []}}'
    )
    with pytest.raises(InputError, match=r"not a tokenizer|do not fit"):
        load(tmp_path / "m")
