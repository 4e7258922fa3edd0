import ast
import json
import logging
from pathlib import Path

import numpy as np
import pytest

from jaxw2v.corpus import builtin

SOURCE = '''#!/usr/bin/env python

# Of the licence.
r"""Raw \\alpha."""

def g(
    a="""not this""",
) -> str:  # a comment

    # and another
    \"\"\"Escaped \\x41.\"\"\"
    return """nor this"""
'''


@pytest.fixture
def small(tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    (package / "b.py").write_text('"""Module b.\n\nTwo\nlines."""\n\ndef f():\n    """Of f."""\n')
    (package / "a.py").write_text(
        'class A:\n    """Of A."""\n    def m(self):\n        """Of f."""\n'
    )
    (package / "broken.py").write_text("def (")
    (package / "c.py").write_text(SOURCE)
    (package / "tests").mkdir()
    (package / "tests" / "t.py").write_text('"""A test."""')
    monkeypatch.setattr(builtin, "_roots", lambda: [package])


def test_documentation_strings_are_collected_once_and_in_order(small):
    path = builtin.collect()
    assert path.read_text().split("\n") == [
        *("Of A.", "Of f.", "Module b.", "Two lines.", r"Raw \alpha.", "Escaped A.", ""),
    ]
    assert builtin.collect() == path


def test_every_package_is_found():
    assert len(builtin._roots()) == 1 + len(builtin.PACKAGES)


@pytest.mark.parametrize("module", [json, logging, np.linalg])
def test_nearly_all_of_what_a_parser_finds_is_found(module):
    found, parsed = set(), set()
    for file in Path(module.__file__).parent.glob("*.py"):
        found.update(builtin._paragraphs_of_file(file))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                parsed.update(builtin.paragraphs(ast.get_docstring(node) or ""))
    assert len(parsed) > 10
    assert len(found & parsed) > 0.97 * len(parsed)
    assert len(found - parsed) < 0.01 * len(parsed)
