"""N-grams and their buckets are those of fastText."""

import numpy as np
import pytest

from jaxw2v.errors import InputError
from jaxw2v.subwords import Ngrams, ngrams

WORDS = ["cat", "</s>", "naïve", "a", "日本語", "banana", "<>", "xx" * 40, "cat"]


def buckets_of(word, shortest, longest, buckets):
    """fastText's ``Dictionary::computeSubwords``, character by character."""
    if word == "</s>":
        return []
    word, found = f"<{word}>", []
    for length in range(shortest, longest + 1):
        for first in range(len(word) - length + 1):
            if length == 1 and first in (0, len(word) - 1):
                continue
            hashed = 2166136261
            for byte in word[first : first + length].encode():
                # A byte is signed, and becomes 32 bits.
                signed = byte - 256 if byte > 127 else byte
                hashed = ((hashed ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
            found.append(hashed % buckets)
    return found


@pytest.mark.parametrize("sizes", [(3, 6, 2_000_000), (1, 2, 50), (2, 9, 1_000), (50, 50, 7)])
def test_buckets_are_those_of_fasttext(sizes, monkeypatch):
    whole = Ngrams(*sizes)(WORDS)
    monkeypatch.setattr(ngrams, "WORDS_AT_ONCE", 2)
    for found in (whole, Ngrams(*sizes)(WORDS)):
        for i, word in enumerate(WORDS):
            here = found.buckets[found.starts[i] : found.starts[i + 1]]
            assert here.tolist() == buckets_of(word, *sizes)


def test_gensim_hashes_alike():
    from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes

    for word in ("cat", "naïve", "日本語"):
        theirs = [ft_hash_bytes(n) % 2_000_000 for n in compute_ngrams_bytes(word, 3, 6)]
        assert sorted(theirs) == sorted(Ngrams(3, 6, 2_000_000)([word]).buckets.tolist())


def test_no_words_have_no_ngrams():
    found = Ngrams(3, 6, 10)([])
    assert found.starts.tolist() == [0]
    assert found.buckets.dtype == np.int32


def test_shortest_above_longest_is_refused():
    with pytest.raises(InputError, match="min_ngram is 4, above max_ngram 3"):
        Ngrams(4, 3, 10)
