"""Words that nobody wrote."""

from collections import Counter

from jaxw2v.subwords import made_up_words


def test_they_are_letters_as_long_as_words():
    words = made_up_words(20_000)
    assert words == made_up_words(20_000)
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    lengths = Counter(map(len, words))
    assert set(lengths) == set(range(4, 13))
    # Nine lengths, equally often: each 2,222 of 20,000, of which 5 standard deviations are 222.
    assert all(abs(count - 20_000 / 9) < 222 for count in lengths.values())
    letters = Counter("".join(words))
    assert len(letters) == 26
    # Likewise 26 of them among some 160,000.
    mean = sum(letters.values()) / 26
    assert all(abs(count - mean) < 5 * mean**0.5 for count in letters.values())
    assert len(set(words)) > 19_900
