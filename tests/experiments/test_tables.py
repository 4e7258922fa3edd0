"""The tables of the READMEs and pages are those of the results files."""

import re

import pytest

from experiments import tables
from experiments.markdown import table


@pytest.mark.parametrize("path", tables.PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_tables_are_current(path):
    text = path.read_text()
    assert tables.updated(text) == text, "run python -m experiments.tables"


def test_every_table_stands_somewhere():
    texts = [path.read_text() for path in tables.PAGES]
    marked = {name for text in texts for name in re.findall(r"<!-- table (\S+) -->", text)}
    assert marked == set(tables.TABLES)


def test_a_changed_table_is_put_back():
    text = tables.PAGES[0].read_text()
    changed = re.sub(r"(<!-- table \S+ -->\n)", r"\1| wrong |\n", text)
    assert changed != text
    assert tables.updated(changed) == text


def test_a_table_has_a_cell_for_each_column():
    found = table(("a", "b"), [(1, "x"), (2,)])
    assert found == "| a | b |\n| --- | --- |\n| 1 | x |\n| 2 |  |"
