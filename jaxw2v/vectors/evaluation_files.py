"""Files of scored word pairs and of analogy questions, in the forms in which they are published."""

from __future__ import annotations

import csv
import os
import re
import string
from collections.abc import Sequence
from typing import NamedTuple

from jaxw2v.compression import damage_named, open_compressed
from jaxw2v.errors import InputError
from jaxw2v.vectors.pair_columns import NUMBER, SEPARATORS, columns, is_header, number_in

# Lines that show by what fields are separated.
_LINES_TO_TELL = 10
_QUESTION_COLUMN = re.compile(r"(?:word|w|term)[ _]?[1-4a-d]", re.IGNORECASE)
# Where an editor may break a line and this program does not, and what no text holds.
_STRAY = re.compile("[\0\x0b\x0c\x1c-\x1e\x85\u2028\u2029\ufeff]")
# Single ones, and those of typographers.
_OTHER_QUOTES = re.compile("['\u2018-\u201e\xab\u2039].*['\u2018-\u201e\xbb\u203a]")


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
    header = known[0] if known and is_header(known[0][1]) else None
    known = known[header is not None :]
    if not known:
        raise InputError(f"{path}: holds no word pair")
    one, other, score = columns(path, separator, header, known)
    size = len(known[0][1])
    pairs = []
    for number, fields in rows:
        value = number_in(fields[score]) if len(fields) == size else None
        if (number, fields) == header or _is_comment(fields, value is not None):
            continue
        if len(fields) != size:
            raise InputError(
                f"{path}:{number}: has {len(fields)} fields separated by "
                f"{SEPARATORS[separator]}, and line {known[0][0]} has {size}; separate all lines "
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
    questions: list[Question] = []
    section, may_be_header = "questions", True
    for number, line in lines:
        if line.startswith(":"):
            section, may_be_header = line[1:].strip() or "questions", False
            continue
        words = _fields(path, number, line, separator)
        if _is_comment(words, len(words) == 4):
            continue
        begins, may_be_header = may_be_header, False
        if begins and all(map(_QUESTION_COLUMN.fullmatch, words)):
            continue
        if len(words) != 4:
            raise InputError(
                f"{path}:{number}: expected four words separated by {SEPARATORS[separator]}, got "
                f"{line[:60]!r}"
            )
        _check_words(path, number, words, separator)
        questions.append(Question(section, words))
    if not questions:
        raise InputError(f"{path}: holds no question")
    return questions


def _lines(path: str | os.PathLike) -> list[tuple[int, str]]:
    """Lines that are not blank, with their numbers."""
    with (
        damage_named(path),
        open(os.path.expanduser(path), "rb") as raw,
        open_compressed(str(path), raw) as file,
    ):
        data = file.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}:{number}: not UTF-8: {error.reason}; save the file as UTF-8"
        ) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if stray := _STRAY.search(line):
            raise InputError(
                f"{path}:{number}: holds the control character U+{ord(stray[0]):04X}; delete it, "
                "or begin a new line there"
            )
    return [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]


def _separator_of(lines: Sequence[str], times: int) -> str:
    """What stands so many times in most of the first lines; blanks if nothing else does."""
    # A comma in a number may be a decimal comma.
    lines = [
        " ".join(part for part in line.split(" ") if not NUMBER.fullmatch(part))
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
        raise InputError(
            f"{path}:{number}: its quotes do not match: {line[:60]!r}; close or remove them"
        ) from None


def _is_comment(fields: Sequence[str], fits: bool) -> bool:
    """Whether a line is a comment: begins with ``#`` that is not the hashtag of a word."""
    return fields[0].startswith("#") and not (fits and fields[0][1:].strip() == fields[0][1:] != "")


def _check_words(
    path: str | os.PathLike, number: int, words: Sequence[str], separator: str
) -> None:
    for word in words:
        if not word or _OTHER_QUOTES.fullmatch(word):
            raise InputError(f"{path}:{number}: expected a word without quotes, got {word!r}")
        if separator == " " and set(word) <= set(string.punctuation):
            raise InputError(
                f"{path}:{number}: {word!r} stands where a word is expected; separate words by tabs"
            )
        if separator == " " and len(word) > 1 and word[-1] in ",;":
            raise InputError(
                f"{path}:{number}: other lines are separated by blanks, and {word!r} by a sign; "
                "separate all lines alike"
            )
