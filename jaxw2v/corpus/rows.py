"""The texts of csv, tsv and JSON lines: a row that does not fit is refused by file and line."""

from __future__ import annotations

import csv
import dataclasses
import json
import warnings
from collections.abc import Iterable, Iterator

from jaxw2v.config import TextSettings
from jaxw2v.corpus.kinds import CSV, JSON
from jaxw2v.errors import InputError

# A longer field comes of a quote that nothing closes (characters).
csv.field_size_limit(max(csv.field_size_limit(), 1 << 26))


@dataclasses.dataclass
class RowCounts:
    """Rows of the tables of a corpus.

    Attributes:
      rows: read so far.
      without_text: the rows among these without text.
    """

    rows: int = 0
    without_text: int = 0

    def warn(self, column: str) -> None:
        """Says how many rows have no text, if there are any.

        Args:
          column: the column that holds the text.
        """
        if self.without_text:
            warnings.warn(
                f"{self.without_text:,} of {self.rows:,} rows have no text in column {column!r} "
                "and are left out",
                stacklevel=2,
            )


def read_rows(
    kind: str, path: str, lines: Iterable[str], settings: TextSettings, counts: RowCounts
) -> Iterator[str]:
    r"""Reads the texts of a table.

    Args:
      kind: ``csv``, ``tsv`` or ``json``, an object a line.
      path: the path of the table, for errors.
      lines: the lines of it, with their ends.
      settings: ``text_column``, ``table_quotes`` and ``errors`` are used.
      counts: the counts to which its rows are added.

    Yields:
      Texts; none for a row that has no text.

    Raises:
      InputError: there is no such column, or a row does not fit; the message names its line.

    Example:
      >>> rows = ["id,text\n", '1,"one, two"\n']
      >>> list(read_rows("csv", "a.csv", rows, TextSettings(), RowCounts()))
      ['one, two']
    """
    texts = (
        _json_texts(path, lines, settings)
        if kind == JSON
        else _csv_texts(path, lines, settings, "," if kind == CSV else "\t")
    )
    for text in texts:
        counts.rows += 1
        if text:
            yield text
        else:
            counts.without_text += 1


def no_column(path: str, column: str, names: Iterable[str]) -> InputError:
    """The error of a table without the column.

    Args:
      path: the path of the table.
      column: the column that was asked for.
      names: the names of the columns it has.

    Returns:
      The error.
    """
    return InputError(
        f"{path}: no column {column!r}; it has {', '.join(names)} (choose by --text-column)"
    )


def _csv_texts(
    path: str, lines: Iterable[str], settings: TextSettings, separator: str
) -> Iterator[str]:
    reader = csv.reader(
        lines,
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if settings.table_quotes else csv.QUOTE_NONE,
        strict=True,
    )
    header: list[str] = []
    place = 0
    line = 1
    try:
        for fields in reader:
            if len(fields) == len(header) > 0:
                yield fields[place]
            elif not header and fields:
                header, place = fields, _place(path, fields, settings.text_column)
            elif fields:
                raise InputError(_does_not_fit(f"{path}:{line}", fields, header, separator))
            elif len(header) == 1:
                yield ""
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}:{line}: a quote is not closed, or text follows the one that closes "
            f"({error}); write a quote inside a field twice, or use --no-table-quotes if quotes "
            "are characters like any other"
        ) from None
    if not header:
        raise InputError(f"{path}: holds no row")


def _place(path: str, header: list[str], column: str) -> int:
    if header.count(column) > 1:
        raise InputError(f"{path}: has {header.count(column)} columns {column!r}; rename one")
    if column not in header:
        _check_separator(path, header)
        raise no_column(path, column, header)
    return header.index(column)


def _check_separator(path: str, header: list[str]) -> None:
    """A header of one field that holds another sign is separated by that."""
    if header[0].startswith("sep="):
        raise InputError(f"{path}: begins with {header[0]!r}, which is no header; delete that line")
    if len(header) > 1:
        return
    for sign, what in ((";", "semicolons"), ("\t", "tabs"), (",", "commas"), ("|", "bars")):
        if sign in header[0]:
            raise InputError(
                f"{path}: its fields are separated by {what}; a .csv has commas and a .tsv tabs: "
                "convert it, or name it so"
            )


def _does_not_fit(where: str, fields: list[str], header: list[str], separator: str) -> str:
    what = "comma" if separator == "," else "tab"
    return (
        f"{where}: {len(fields)} fields, but the header names {len(header)} "
        f"({', '.join(header)}); a text that holds a {what} stands in double quotes"
    )


def _json_texts(path: str, lines: Iterable[str], settings: TextSettings) -> Iterator[str]:
    column, is_there = settings.text_column, False
    names: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _object(path, number, line)
        names = names or tuple(row)
        is_there = is_there or column in row
        value = row.get(column)
        # Nearly all are text, and have no escape that could be half of a pair.
        if isinstance(value, str) and "\\u" not in line:
            yield value
        else:
            yield _text(f"{path}:{number}", column, value, settings.errors)
    if not names:
        raise InputError(f"{path}: holds no row")
    if not is_there:
        raise no_column(path, column, names)


def _object(path: str, number: int, line: str) -> dict:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise InputError(
            f"{path}:{number}: is not JSON ({what}); every line must hold one object (jq -c . "
            "writes them so)"
        ) from None
    if not isinstance(row, dict):
        raise InputError(f'{path}:{number}: holds no object, such as {{"text": "..."}}')
    return row


def _text(where: str, column: str, value: object, errors: str) -> str:
    # A number that is no number is how some write a missing text.
    if value is None or value != value:
        return ""
    if isinstance(value, bool | list | dict):
        raise InputError(f"{where}: {column!r} holds {json.dumps(value)[:40]}, not text")
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        if errors == "replace":
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        raise InputError(
            f"{where}: half of a surrogate pair (U+{ord(text[error.start]):X}) is no character; "
            "mend it, or use --errors replace"
        ) from None
    return text
