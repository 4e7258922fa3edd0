"""Tokenizers by name: each turns a column of text into a column of lists of words."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from jaxw2v.errors import InputError

Tokenizer = Callable[[pl.Expr], pl.Expr]


def _words(text: pl.Expr) -> pl.Expr:
    # \p{M}: vowel signs and accents belong to the letters they stand on.
    return text.str.to_lowercase().str.extract_all(r"[\p{L}\p{M}\p{N}]+")


def _whitespace(text: pl.Expr) -> pl.Expr:
    return text.str.extract_all(r"\S+")


def _basic_english(text: pl.Expr) -> pl.Expr:
    text = text.str.to_lowercase().str.replace_all(r'"', "").str.replace_all(r"<br />|[;:]", " ")
    return text.str.replace_all(r"(['.,()!?])", " $1 ").str.extract_all(r"\S+")


TOKENIZERS: dict[str, Tokenizer] = {
    "words": _words,
    "whitespace": _whitespace,
    "basic_english": _basic_english,
}


def get_tokenizer(name: str) -> Tokenizer:
    """Looks a tokenizer up.

    Args:
      name: ``words`` (lower-case runs of Unicode letters, marks and digits), ``whitespace``,
        ``basic_english`` (torchtext's), or ``regex:PATTERN``, whose every match is a word
        (Rust ``regex`` syntax: no look-around; the case is kept).

    Returns:
      A function from a polars text expression to an expression of lists of words.

    Raises:
      InputError: the name is unknown or the pattern does not compile.

    Example:
      >>> import polars as pl
      >>> text = pl.DataFrame({"text": ["Don't panic, Zoë 42!"]})
      >>> text.select(get_tokenizer("words")(pl.col("text"))).item().to_list()
      ['don', 't', 'panic', 'zoë', '42']
    """
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
            f"tokenizer {name!r} is not a valid regular expression: {reason}"
        ) from None
    if empty:
        raise InputError(f"tokenizer {name!r} matches the empty string; use + instead of *")
    return lambda text: text.str.extract_all(pattern)
