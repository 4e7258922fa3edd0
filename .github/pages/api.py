"""The API reference: every public name, with what its docstring says."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = (
    "jaxw2v",
    "jaxw2v.corpus",
    "jaxw2v.sampling",
    "jaxw2v.losses",
    "jaxw2v.models",
    "jaxw2v.devices",
    "jaxw2v.training",
    "jaxw2v.vectors",
    "jaxw2v.subwords",
    "jaxw2v.plots",
)


def write(folder: Path) -> None:
    """Writes a page for each package.

    Args:
      folder: where to; it is made.
    """
    folder.mkdir()
    pages = "\n".join(f"   {name}" for name in PACKAGES)
    (folder / "index.rst").write_text(f"{_title('API')}\n.. toctree::\n\n{pages}\n")
    seen: dict[int, str] = {}
    for name in PACKAGES:
        lines = [_title(name), f".. automodule:: {name}", "   :no-members:", ""]
        for public, item in _public(name):
            full = f"{name}.{public}"
            first = seen.setdefault(id(item), full)
            if first != full:
                lines += [f"``{public}``: :obj:`{first}`", ""]
            elif inspect.isclass(item):
                lines += [f".. autoclass:: {full}", "   :members:", ""]
            elif inspect.ismodule(item):
                lines += [f".. automodule:: {full}", ""]
            elif callable(item):
                lines += [f".. autofunction:: {full}", ""]
            else:
                lines += [f".. py:data:: {full}", f"   :value: {item!r}", ""]
        (folder / f"{name}.rst").write_text("\n".join(lines))


def _public(name: str) -> Iterator[tuple[str, Any]]:
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        try:
            yield public, getattr(module, public)
        except AttributeError:
            yield public, importlib.import_module(f"{name}.{public}")


def undocumented() -> Iterator[str]:
    """What is public and says nothing of itself.

    Yields:
      A line for each.
    """
    for name in PACKAGES:
        for public, item in _public(name):
            members = vars(item).items() if inspect.isclass(item) else ()
            for full, value in ((public, item), *((f"{public}.{k}", v) for k, v in members)):
                is_ours = callable(value) or isinstance(value, (property, classmethod))
                if is_ours and "._" not in full and not inspect.getdoc(value):
                    yield f"{name}.{full} has no docstring"


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"
