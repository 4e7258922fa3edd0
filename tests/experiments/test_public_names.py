"""Experiments use what a reader of the package may use."""

import ast
import importlib
from pathlib import Path

import pytest

EXPERIMENTS, JAXW2V = (Path(__file__).parents[2] / name for name in ("experiments", "jaxw2v"))
# They look inside on purpose: into files that are then damaged, and at one step of an engine.
INSIDE = {"checkpoints", "large_vocabulary"}
FILES = [
    path
    for path in sorted(EXPERIMENTS.rglob("*.py"))
    if path.relative_to(EXPERIMENTS).parts[0] not in INSIDE
]
PACKAGES = {"jaxw2v", *(f"jaxw2v.{file.parent.name}" for file in JAXW2V.glob("*/__init__.py"))}


def used(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "jaxw2v":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("jaxw2v.") for alias in node.names)
        elif isinstance(node, ast.Attribute):
            module = ast.unparse(node.value)
            if module in PACKAGES:
                yield module, node.attr


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(EXPERIMENTS)))
def test_only_public_names_are_used(path):
    for module, name in used(path):
        home = importlib.import_module(module)
        parts = module.split(".")
        is_package = len(parts) <= 2 and hasattr(home, "__path__")
        is_part = parts == ["jaxw2v"] and (JAXW2V / name).is_dir()
        assert is_package, f"{module} is not public"
        assert is_part or name in home.__all__, f"{module}.{name} is not public"
