"""From a Python iterable of sentences to batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from jaxw2v.corpus.text import LINES_PER_BATCH, Batch
from jaxw2v.errors import InputError


def read_iterable(corpus: Iterable) -> Iterator[Batch]:
    """Reads a Python corpus.

    Args:
      corpus: a re-iterable of strings, or of lists of words.

    Yields:
      Batches of 65,536 sentences at most.

    Raises:
      InputError: a one-shot iterator, or an item that is neither text nor a list of words.
    """
    if iter(corpus) is corpus:
        raise InputError(
            "the corpus is a one-shot iterator, such as a generator: it can be read once only, "
            "training may read it again; give a list, or an object whose __iter__ starts anew"
        )
    batch: list = []
    kind: type | None = None
    number = -1
    for number, sentence in enumerate(corpus):
        is_text = isinstance(sentence, str)
        if not is_text:
            sentence = _words(number, sentence)
        if kind is not None and is_text != (kind is str):
            raise InputError(
                f"corpus item {number}: strings and lists of words are mixed; give either"
            )
        kind = str if is_text else list
        batch.append(sentence)
        if len(batch) == LINES_PER_BATCH:
            yield _batch(batch, is_text, number)
            batch = []
    if batch:
        yield _batch(batch, kind is str, number)


def refuse_columns(corpus: object) -> None:
    """Makes sure that a corpus holds sentences rather than columns of which one is text.

    Args:
      corpus: as the user gave it.

    Raises:
      InputError: it is a mapping or a table, of whichever library.
    """
    if _has_columns(corpus):
        raise InputError(
            f"the corpus is a {type(corpus).__name__}, not sentences; give the texts in it, such "
            "as rows['text']"
        )


def _has_columns(value: object) -> bool:
    """Whether iterating over it gives columns, or their names."""
    kind = type(value)
    is_table = hasattr(kind, "columns") and hasattr(kind, "__getitem__")
    return is_table or isinstance(value, Mapping)


def _words(number: int, sentence: object) -> list[str]:
    if _has_columns(sentence) or hasattr(sentence, "_fields"):
        raise InputError(
            f"corpus item {number} is a {type(sentence).__name__}; give the texts alone, such as "
            "rows['text'] or [row['text'] for row in rows]"
        )
    words = list(sentence) if isinstance(sentence, Iterable) else None
    if words is None or not all(isinstance(word, str) for word in words):
        raise InputError(
            f"corpus item {number} is neither a string nor a list of words; make it one of them"
        )
    return words


def _batch(sentences: list, is_text: bool, last: int) -> Batch:
    dtype = pl.String if is_text else pl.List(pl.String)
    try:
        return Batch(pl.Series(sentences, dtype=dtype), tokenized=not is_text)
    except UnicodeEncodeError:
        raise _surrogate(sentences, last - len(sentences) + 1) from None


def _surrogate(sentences: list, first: int) -> InputError:
    """The error of the first item that UTF-8 cannot hold."""
    for number, sentence in enumerate(sentences, first):
        text = "".join(sentence)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return InputError(
                f"corpus item {number}: half of a surrogate pair "
                f"(U+{ord(text[error.start]):X}) is no character; replace it, such as by "
                'text.encode("utf-8", "replace").decode()'
            )
    raise AssertionError("no item has a surrogate")
