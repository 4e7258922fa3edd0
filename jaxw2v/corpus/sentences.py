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
      InputError: a one-shot iterator, a mapping or a table, or an item that is neither text nor a
        list of words.
    """
    _refuse_what_holds_columns(corpus)
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
            raise InputError(f"corpus item {number}: strings and lists of words are mixed")
        kind = str if is_text else list
        batch.append(sentence)
        if len(batch) == LINES_PER_BATCH:
            yield _batch(batch, is_text, number)
            batch = []
    if batch:
        yield _batch(batch, kind is str, number)


def _refuse_what_holds_columns(corpus: Iterable) -> None:
    # Iterating over a DataFrame, of whichever library, gives columns or their names.
    is_mapping, kind = isinstance(corpus, Mapping), type(corpus)
    if is_mapping or (hasattr(kind, "columns") and hasattr(kind, "__getitem__")):
        what = "a mapping" if is_mapping else f"a {kind.__name__}"
        raise InputError(
            f"the corpus is {what}, not sentences; give the texts in it, such as rows['text']"
        )


def _words(number: int, sentence: object) -> list[str]:
    if isinstance(sentence, Mapping):
        raise InputError(
            f"corpus item {number} is a mapping; give the texts alone, such as rows['text'] or "
            "[row['text'] for row in rows]"
        )
    words = list(sentence) if isinstance(sentence, Iterable) else None
    if words is None or not all(isinstance(word, str) for word in words):
        raise InputError(f"corpus item {number} is neither a string nor a list of words")
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
