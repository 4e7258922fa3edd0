"""A corpus that needs no network: the documentation strings of installed Python packages."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import os
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from jaxw2v.atomic import renamed_when_complete
from jaxw2v.corpus.cache import cache_folder
from jaxw2v.progress import progress_bar

PACKAGES = ("flax", "jax", "numpy", "optax", "polars", "scipy")
# A string in three quotes that begins a file, or a line after one that ends in a colon; comments
# and empty lines may stand between. To parse the files takes six times as long as all of the rest.
_COMMENT = r"[ \t]*(?:\#[^\n]*)?\n"
_DOCUMENTATION = re.compile(
    rf"""(?:\A|:{_COMMENT})(?:{_COMMENT})*[ \t]*([rRuU]?(\"{{3}}|'{{3}}).*?(?<!\\)\2)""", re.DOTALL
)
_SKIPPED = {"test", "tests", "testing", "site-packages", "dist-packages", "__pycache__", "idlelib"}


def collect(show_progress: bool = True) -> Path:
    """Collects the documentation strings, a paragraph a line, sorted by file; each one once.

    Args:
      show_progress: draw a progress line on standard error.

    Returns:
      A text file in the cache, named by the versions of what it was collected from.
    """
    versions = [f"python {sys.version}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in ("jaxw2v", *PACKAGES)]
    key = hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]
    path = cache_folder() / "builtin" / f"{key}.txt"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    files = [file for root in _roots() for file in _python_files(root)]
    seen: set[str] = set()
    with renamed_when_complete(path) as partial, open(partial, "w", encoding="utf-8") as out:
        for file in progress_bar(
            files, desc="collecting docstrings", unit=" files", show=show_progress
        ):
            for paragraph in _paragraphs_of_file(file):
                if paragraph not in seen:
                    seen.add(paragraph)
                    out.write(paragraph + "\n")
    return path


def _roots() -> list[Path]:
    specs = (importlib.util.find_spec(name) for name in PACKAGES)
    packages = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    return [Path(sysconfig.get_path("stdlib")), *packages]


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        yield from (Path(folder) / name for name in sorted(files) if name.endswith((".py", ".pyi")))


def _paragraphs_of_file(path: Path) -> list[str]:
    try:
        source = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's strings
        return [p for found in _DOCUMENTATION.finditer(source) for p in paragraphs(_text(found[1]))]


def _text(literal: str) -> str:
    try:
        return inspect.cleandoc(ast.literal_eval(literal))
    except SyntaxError:
        return ""


def paragraphs(text: str) -> list[str]:
    """Joins the lines of each paragraph.

    Args:
      text: a documentation string.

    Returns:
      A line for each paragraph.

    Example:
      >>> paragraphs('''Sums
      ... an array.
      ...
      ... Returns it.''')
      ['Sums an array.', 'Returns it.']
    """
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
