"""Tokenizers by name: each turns a column of text into a column of lists of words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import polars as pl

from jaxw2v.errors import InputError
from jaxw2v.tokenizer_names import numbered

WORDS_1 = r"[\p{L}\p{M}\p{N}]+"
# Cf: soft hyphens, joiners and such stand inside words; the zero width space between them.
# M: vowel signs and accents belong to the letters they stand on.
WORDS = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\p{Cf}&&[^\x{200B}]]*"
# Of Cf inside words only the joiners and the Mongolian vowel separator change what is read.
INVISIBLE = r"[\p{Cf}&&[^\x{200B}\x{200C}\x{200D}\x{180E}]]+"


def _unchanged(words: pl.Expr) -> pl.Expr:
    return words


@dataclasses.dataclass(frozen=True)
class Tokenizer:
    """From a column of text to a column of lists of words.

    Attributes:
      find: a function from text to lists of words as they stand there.
      normalize: a function from words to what they are counted as; done once for each
        different word.
    """

    find: Callable[[pl.Expr], pl.Expr]
    normalize: Callable[[pl.Expr], pl.Expr] = _unchanged

    def __call__(self, text: pl.Expr) -> pl.Expr:
        """Splits text into words.

        Args:
          text: strings.

        Returns:
          Lists of words.
        """
        return self.find(text).list.eval(self.normalize(pl.element()))


def _lower_case(pattern: str) -> Callable[[pl.Expr], pl.Expr]:
    return lambda text: text.str.to_lowercase().str.extract_all(pattern)


def _normalize_words(words: pl.Expr) -> pl.Expr:
    visible = words.str.replace_all(INVISIBLE, "").str.replace(r"\p{Cf}+$", "")
    return visible.str.normalize("NFC")


def _whitespace(text: pl.Expr) -> pl.Expr:
    return text.str.extract_all(r"\S+")


def _basic_english(text: pl.Expr) -> pl.Expr:
    text = text.str.to_lowercase().str.replace_all(r'"', "").str.replace_all(r"<br />|[;:]", " ")
    return text.str.replace_all(r"(['.,()!?])", " $1 ").str.extract_all(r"\S+")


TOKENIZERS = {
    "words-2": Tokenizer(_lower_case(WORDS), _normalize_words),
    "words-1": Tokenizer(_lower_case(WORDS_1)),
    "whitespace": Tokenizer(_whitespace),
    "basic_english": Tokenizer(_basic_english),
}


def get_tokenizer(name: str) -> Tokenizer:
    """Looks a tokenizer up.

    Args:
      name: ``words`` or ``words-2`` (lower-case runs of Unicode letters, marks and digits, whole
        across joiners and soft hyphens, in Unicode's form NFC); ``words-1`` (what ``words`` was
        before: cut at joiners and soft hyphens, in the form of the text); ``whitespace``;
        ``basic_english`` (torchtext's); or ``regex:PATTERN``, whose every match is a word
        (Rust ``regex`` syntax: no look-around; the case is kept).

    Returns:
      The tokenizer: called with a polars text expression it gives one of lists of words.

    Raises:
      InputError: the name is unknown or the pattern does not compile.

    Example:
      >>> import polars as pl
      >>> text = pl.DataFrame({"text": ["Don't panic, Zoë 42!"]})
      >>> text.select(get_tokenizer("words")(pl.col("text"))).item().to_list()
      ['don', 't', 'panic', 'zoë', '42']
    """
    name = numbered(name)
    if name in TOKENIZERS:
        return TOKENIZERS[name]
    if not name.startswith("regex:"):
        raise InputError(
            f"unknown tokenizer {name!r}; choose {', '.join(TOKENIZERS)} or regex:PATTERN"
        )
    pattern = name.removeprefix("regex:")
    try:
        empty = pl.Series([""]).str.contains(f"^(?:{pattern})$").item()
    except pl.exceptions.ComputeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(
            f"tokenizer {name!r} is not a valid regular expression: {reason}; mend it, or leave "
            "--tokenizer out"
        ) from None
    if empty:
        raise InputError(f"tokenizer {name!r} matches the empty string; use + instead of *")
    return Tokenizer(lambda text: text.str.extract_all(pattern))
