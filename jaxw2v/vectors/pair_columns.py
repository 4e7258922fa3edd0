"""Which columns of a file of word pairs hold the words and the score."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence

from jaxw2v.errors import InputError

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORD_COLUMN = re.compile(r"(?:word|w|term|item|target)[ _]?[12ab]?", re.IGNORECASE)
_SCORE_COLUMN = re.compile("score|sim|human|mean|rating|gold|relat|value|average", re.IGNORECASE)
# Begins as a number does, and has at most one other sign, its last: 8.l, 10%, 0-10.
_LIKE_A_NUMBER = re.compile(r"[+-]?(?:[.,]?[0-9][0-9.,e+-]*.?|nan|inf|infinity)$", re.IGNORECASE)
# What stands beside a score: its number of raters, its spread, the pair's own number, other norms.
_NO_SCORE = re.compile(
    "(?:^|[^a-z])(?:id|n|no|num|number|sd|std|stdev|var|se|sem|ci|rank|index)(?:[^a-z]|$)"
    "|count|conc|assoc|dist",
    re.IGNORECASE,
)

Row = tuple[int, list[str]]
"""The number of a line, and its fields."""


def number_in(text: str) -> float | None:
    """Reads a number.

    Args:
      text: a field; its decimals may begin by a comma.

    Returns:
      The number; ``None`` if the field holds no finite one.
    """
    value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def is_header(fields: Sequence[str]) -> bool:
    """Whether a first line names columns; a pair whose score is misspelt does not.

    Args:
      fields: the fields of the line.

    Returns:
      Whether it does.
    """
    words = _word_columns(fields)
    names_score = any(map(_SCORE_COLUMN.search, fields[2:]))
    if words and names_score and all(fields[i][-1] in "12abAB" for i in words):
        # Whatever else it names, such as people by their number.
        return True
    return bool(words or names_score) and not any(map(_LIKE_A_NUMBER.match, fields[2:]))


def _word_columns(names: Sequence[str]) -> tuple[int, int] | None:
    found = [i for i, name in enumerate(names) if _WORD_COLUMN.fullmatch(name)]
    return (found[0], found[1]) if len(found) == 2 else None


def columns(
    path: str | os.PathLike, separator: str, header: Row | None, rows: Sequence[Row]
) -> tuple[int, int, int]:
    """Finds the columns.

    Args:
      path: the path of the file, for errors.
      separator: what separates its fields.
      header: the line that names the columns, if there is one.
      rows: all lines that hold pairs.

    Returns:
      The columns of the first word, of the second, and of the score, from 0.

    Raises:
      InputError: it cannot be told which they are.
    """
    number, first = rows[0]
    names = header[1] if header else []
    if header and len(names) != len(first):
        if separator != " ":
            raise InputError(
                f"{path}:{number}: has {len(first)} fields separated by "
                f"{SEPARATORS[separator]}, and the header {len(names)}; separate all lines alike"
            )
        names = []
    words = _word_columns(names)
    one, other = words or (0, 1)
    after = range(other + 1, len(first))
    score = _score_column(path, [(i, names[i]) for i in after if names and _has_number(rows, i)])
    if score is None:
        numbers = [i for i in after if number_in(first[i]) is not None]
        score = next((i for i in numbers if not names or not _NO_SCORE.search(names[i])), None)
        if numbers and score is None:
            raise InputError(
                f"{path}: {names[numbers[0]]!r} in the header names no score of likeness; call the "
                "column of scores score"
            )
    if score is None:
        raise InputError(
            f"{path}:{number}: expected word, word, score separated by "
            f"{SEPARATORS[separator]}, got {' '.join(first)[:60]!r}; a "
            "header has to name a column word1 or score"
        )
    if not words:
        _check_not_shifted(path, rows, score, separator == " " and not names)
    _check_one_decimal_sign(path, rows, score)
    if separator == "," and not names:
        _check_no_decimal_commas(path, rows, score)
    return one, other, score


def _has_number(rows: Sequence[Row], column: int) -> bool:
    return any(number_in(row[column]) is not None for _, row in rows if len(row) > column)


def _score_column(path: str | os.PathLike, numbers: Sequence[tuple[int, str]]) -> int | None:
    """The column of numbers that a header calls the score."""
    named = [(i, name) for i, name in numbers if _SCORE_COLUMN.search(name)]
    named = [(i, name) for i, name in named if not _NO_SCORE.search(name)] or named
    if len(named) > 1:
        names = ", ".join(repr(name) for _, name in named)
        raise InputError(
            f"{path}: any of {names} may be the score; leave the one to use, such as by cut -f"
        )
    return named[0][0] if named else None


def _check_not_shifted(
    path: str | os.PathLike, rows: Sequence[Row], score: int, is_unnamed: bool
) -> None:
    """What stands between words and score is a label, of which there are few."""
    rows = [row for row in rows if len(row[1]) > score]
    firsts = {fields[0] for _, fields in rows}
    between = [len({fields[i] for _, fields in rows}) for i in range(2, score)]
    are_words = is_unnamed and len(between) > 1
    if between and (are_words or max(between) > len(firsts) or all(map(NUMBER.fullmatch, firsts))):
        raise InputError(
            f"{path}:{rows[0][0]}: cannot tell which columns hold the words, got "
            f"{' '.join(rows[0][1])[:60]!r}; put them first, or name them word1 and word2 in a "
            "header"
        )


def _check_no_decimal_commas(path: str | os.PathLike, rows: Sequence[Row], score: int) -> None:
    """Whether whole numbers are followed by whole numbers in every line."""
    ends = [fields[score : score + 2] for _, fields in rows]
    if all(re.fullmatch("[+-]?[0-9]+ [0-9]+", " ".join(end)) for end in ends):
        raise InputError(
            f"{path}:{rows[0][0]}: commas separate the fields, so that the score may be "
            f"{ends[0][0]} or {','.join(ends[0])}; write a decimal point, or name the columns in a "
            "header"
        )


def _check_one_decimal_sign(path: str | os.PathLike, rows: Sequence[Row], score: int) -> None:
    first = ""
    texts = [fields[score] for _, fields in rows if len(fields) > score]
    decimals = [text.partition(",")[2] for text in texts if "," in text]
    if (
        decimals
        and all(len(digits) == 3 for digits in decimals)
        and any(re.fullmatch("[1-9][0-9]{0,2},[0-9]{3}", text) for text in texts)
        and any(re.fullmatch("[0-9]{2,}", text) for text in texts)
    ):
        raise InputError(
            f"{path}: a comma in the scores may part thousands or begin decimals; write decimal "
            "points, and no thousands"
        )
    for number, fields in rows:
        text = fields[score] if len(fields) > score else ""
        sign = re.search("[.,]", text) if number_in(text) is not None else None
        first = first or (sign[0] if sign else "")
        if sign and sign[0] != first:
            raise InputError(
                f"{path}:{number}: the score is {text!r}, and decimals before have {first!r}; "
                "write all alike"
            )
