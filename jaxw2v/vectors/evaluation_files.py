"""Files of scored word pairs and of analogy questions, in the forms in which they are published."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jaxw2v.errors import InputError

_SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}
# Lines that show by what fields are separated.
_LINES_TO_TELL = 10
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORD_COLUMN = re.compile(r"(?:word|w|term|item|target)[ _]?[12ab]?", re.IGNORECASE)
_SCORE_COLUMN = re.compile("score|sim|human|mean|rating|gold|relat|value|average", re.IGNORECASE)
# Single ones, and those of typographers.
_OTHER_QUOTES = re.compile("['\u2018-\u201e\xab\u2039].*['\u2018-\u201e\xbb\u203a]")

Row = tuple[int, list[str]]


class Pair(NamedTuple):
    """Two words, and how like they are to people.

    Attributes:
      first: a word.
      second: another.
      score: the score, in the units of the file.
    """

    first: str
    second: str
    score: float


class Question(NamedTuple):
    """Four words of which the last is asked for.

    Attributes:
      section: the section of the file.
      words: a is to b as c is to d.
    """

    section: str
    words: list[str]


def read_pairs(path: str | os.PathLike) -> list[Pair]:
    """Reads scored word pairs: WordSim-353, SimLex-999, MEN, RW, SimVerb, Card-660 and their like.

    Args:
      path: lines of two words and a score, separated by tabs, semicolons, commas or blanks,
        the same in all lines. Columns may stand between words and score, or follow; the score is
        the column that a header calls so, else the first of numbers. Decimals may have commas,
        fields double quotes; lines that begin by ``#`` are comments unless they hold a pair.

    Returns:
      All pairs of the file.

    Raises:
      InputError: the file is missing or empty, or a line has another form.
    """
    lines = _lines(path)
    plain = [line for _, line in lines if not line.startswith("#")]
    separator = _separator_of(plain, 2)
    rows = [(number, _fields(path, number, line, separator)) for number, line in lines]
    known = [row for row in rows if not row[1][0].startswith("#")]
    header = known[0] if known and _is_header(known[0][1]) else None
    known = known[header is not None :]
    if not known:
        raise InputError(f"{path}: holds no word pair")
    one, other, score = _columns(path, separator, header, known)
    size = len(known[0][1])
    pairs = []
    for number, fields in rows:
        value = _number(fields[score]) if len(fields) == size else None
        if (number, fields) == header or _is_comment(fields, value is not None):
            continue
        if len(fields) != size:
            raise InputError(
                f"{path}:{number}: has {len(fields)} fields separated by "
                f"{_SEPARATORS[separator]}, and line {known[0][0]} has {size}; separate all lines "
                "alike"
            )
        if value is None:
            raise InputError(
                f"{path}:{number}: expected a number as field {score + 1}, the score, got "
                f"{fields[score][:40]!r}"
            )
        _check_words(path, number, (fields[one], fields[other]), separator)
        pairs.append(Pair(fields[one], fields[other], value))
    return pairs


def read_questions(path: str | os.PathLike) -> list[Question]:
    """Reads analogy questions.

    Args:
      path: Google's format: ``: section`` lines, then four words a line, separated by blanks, or
        all lines by tabs, semicolons or commas; ``#`` comments.

    Returns:
      All questions of the file.

    Raises:
      InputError: the file is missing or empty, or a line has another form.
    """
    lines = _lines(path)
    separator = _separator_of([line for _, line in lines if line[0] not in ":#"], 3)
    questions, section = [], "questions"
    for number, line in lines:
        if line.startswith(":"):
            section = line[1:].strip() or "questions"
            continue
        words = _fields(path, number, line, separator)
        if _is_comment(words, len(words) == 4):
            continue
        if len(words) != 4:
            raise InputError(
                f"{path}:{number}: expected four words separated by {_SEPARATORS[separator]}, got "
                f"{line[:60]!r}"
            )
        _check_words(path, number, words, separator)
        questions.append(Question(section, words))
    if not questions:
        raise InputError(f"{path}: holds no question")
    return questions


def _lines(path: str | os.PathLike) -> list[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{number}: not UTF-8: {error.reason}") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]


def _separator_of(lines: Sequence[str], times: int) -> str:
    """What stands so many times in most of the first lines; blanks if nothing else does."""
    # A comma in a number may be a decimal comma.
    lines = [
        " ".join(part for part in line.split(" ") if not _NUMBER.fullmatch(part))
        for line in lines[:_LINES_TO_TELL]
    ]
    for separator in "\t;,":
        found = sum(line.count(separator) >= times for line in lines)
        if lines and 2 * found >= len(lines):
            return separator
    return " "


def _fields(path: str | os.PathLike, number: int, line: str, separator: str) -> list[str]:
    if separator == " ":
        line = " ".join(line.split())
    try:
        rows = csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True)
        return [field.strip() for field in next(rows)]
    except csv.Error:
        if line.startswith("#"):
            return [line]
        raise InputError(f"{path}:{number}: its quotes do not match: {line[:60]!r}") from None


def _is_comment(fields: Sequence[str], fits: bool) -> bool:
    """A hashtag that stands where a word can is none."""
    return fields[0].startswith("#") and not (fits and fields[0][1:].strip() == fields[0][1:] != "")


def _number(text: str) -> float | None:
    value = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def _is_header(fields: Sequence[str]) -> bool:
    """Whether a first line names columns; a pair whose score is misspelt does not."""
    named = any(map(_SCORE_COLUMN.search, fields[2:])) or _word_columns(fields) is not None
    return named and all(_number(field) is None for field in fields[2:])


def _word_columns(names: Sequence[str]) -> tuple[int, int] | None:
    found = [i for i, name in enumerate(names) if _WORD_COLUMN.fullmatch(name)]
    return (found[0], found[1]) if len(found) == 2 else None


def _columns(
    path: str | os.PathLike, separator: str, header: Row | None, rows: Sequence[Row]
) -> tuple[int, int, int]:
    """In which columns the words and the score stand."""
    number, first = rows[0]
    names = header[1] if header else []
    if header and len(names) != len(first):
        if separator != " ":
            raise InputError(
                f"{path}:{number}: has {len(first)} fields separated by "
                f"{_SEPARATORS[separator]}, and the header {len(names)}; separate all lines alike"
            )
        names = []
    words = _word_columns(names)
    one, other = words or (0, 1)
    after = range(other + 1, len(first))
    score = next((i for i in after if names and _SCORE_COLUMN.search(names[i])), None)
    if score is None:
        score = next((i for i in after if _number(first[i]) is not None), None)
    if score is None:
        raise InputError(
            f"{path}:{number}: expected word, word, score separated by "
            f"{_SEPARATORS[separator]}, got {' '.join(first)[:60]!r}; a "
            "header has to name a column word1 or score"
        )
    if not words:
        _check_not_shifted(path, rows, score)
    _check_one_decimal_sign(path, rows, score)
    if separator == "," and not names:
        _check_no_decimal_commas(path, rows, score)
    return one, other, score


def _check_not_shifted(path: str | os.PathLike, rows: Sequence[Row], score: int) -> None:
    """What stands between words and score is a label, of which there are few."""
    rows = [row for row in rows if len(row[1]) > score]
    firsts = {fields[0] for _, fields in rows}
    between = [len({fields[i] for _, fields in rows}) for i in range(2, score)]
    if between and (max(between) > len(firsts) or all(map(_NUMBER.fullmatch, firsts))):
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


def _check_words(
    path: str | os.PathLike, number: int, words: Sequence[str], separator: str
) -> None:
    for word in words:
        if not word or _OTHER_QUOTES.fullmatch(word):
            raise InputError(f"{path}:{number}: expected a word without quotes, got {word!r}")
        if separator == " " and len(word) > 1 and word[-1] in ",;":
            raise InputError(
                f"{path}:{number}: other lines are separated by blanks, and {word!r} by a sign; "
                "separate all lines alike"
            )


def _check_one_decimal_sign(path: str | os.PathLike, rows: Sequence[Row], score: int) -> None:
    first = ""
    for number, fields in rows:
        text = fields[score] if len(fields) > score else ""
        sign = re.search("[.,]", text) if _number(text) is not None else None
        first = first or (sign[0] if sign else "")
        if sign and sign[0] != first:
            raise InputError(
                f"{path}:{number}: the score is {text!r}, and decimals before have {first!r}; "
                "write all alike"
            )
