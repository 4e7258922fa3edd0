"""The shape of the package: import directions, and what importing it starts."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import jaxw2v

PACKAGE = Path(jaxw2v.__file__).parent
EVERYWHERE = {"run_folder", "progress", "tokenizer_names", "setting_rules"}
# Each part may import itself, these, and what stands here.
ALLOWED = {
    "errors": set(),
    "atomic": {"errors"},
    "ownership": {"errors", "atomic"},
    "run_folder": {"errors", "ownership"},
    "progress": set(),
    "freed_memory": set(),
    "tokenizer_names": set(),
    "compression": {"errors"},
    "setting_rules": {"errors", "tokenizer_names"},
    "subwords": {"errors"},
    "config": {"errors", "tokenizer_names", "setting_rules", "subwords"},
    "corpus": {"errors", "atomic", "ownership", "compression", "config"},
    "sampling": {"errors", "config"},
    "losses": {"errors", "config"},
    "models": {"errors", "config", "corpus", "sampling", "losses"},
    "devices": {"errors"},
    "vectors": {
        "devices",
        "errors",
        "subwords",
        "atomic",
        "ownership",
        "compression",
        "corpus.vocabulary",
        "corpus.tokenizers",
        "corpus.downloads",
    },
    "training": {
        "errors",
        "atomic",
        "ownership",
        "config",
        "corpus",
        "sampling",
        "losses",
        "devices",
        "subwords",
        "vectors",
        "freed_memory",
    },
    "epoch_records": {"errors", "ownership"},
    "plots": {"errors", "atomic", "vectors", "epoch_records"},
    "cli": {
        "errors",
        "epoch_records",
        "config",
        "corpus",
        "devices",
        "training",
        "vectors",
        "plots",
        "freed_memory",
    },
    "__main__": {"cli"},
}
# Each folder and file of training may import itself and what stands here.
TRAINING = {
    "callbacks": set(),
    "arguments": {"callbacks", "objectives"},
    "objectives": set(),
    "setup": {"objectives"},
    "step": {"objectives", "setup"},
    "ahead": {"objectives", "setup", "step"},
    "checkpoints": {"callbacks", "objectives", "setup", "step"},
    "starts": {"setup", "step", "checkpoints"},
    "loop": {"callbacks", "objectives", "setup", "step", "checkpoints"},
    "fit": {
        "arguments",
        "callbacks",
        "objectives",
        "setup",
        "step",
        "checkpoints",
        "starts",
        "loop",
    },
    "train": {"arguments", "callbacks", "objectives", "checkpoints", "starts", "loop", "fit"},
}
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")
IN_TRAINING = [p for p in FILES if p.is_relative_to(PACKAGE / "training")]
IN_TRAINING.remove(PACKAGE / "training" / "__init__.py")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_the_list_only(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        if name.startswith("jaxw2v."):
            inner = name.removeprefix("jaxw2v.")
            allowed = any(
                f"{inner}.".startswith(f"{a}.") for a in {part, *EVERYWHERE, *ALLOWED[part]}
            )
            assert allowed, f"{path.name} imports {name}"
        if part == "corpus":
            assert name.split(".")[0] not in {"jax", "flax", "optax"}
        if part == "training":
            assert name.split(".")[0] != "flax", "a run of a small corpus would wait for it"


@pytest.mark.parametrize("path", IN_TRAINING, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_inside_training_go_down_the_list_only(path):
    part = path.relative_to(PACKAGE).parts[1].removesuffix(".py")
    for name in imports(path):
        if name.startswith("jaxw2v.training."):
            assert name.split(".")[2] in {part, *TRAINING[part]}, f"{path.name} imports {name}"


def test_importing_the_package_or_the_cli_imports_no_jax():
    code = "import sys, jaxw2v, jaxw2v.cli; print('jax' in sys.modules, 'polars' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


@pytest.mark.slow
def test_importing_everything_starts_no_backend():
    modules = ", ".join(
        ".".join(("jaxw2v", *p.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        for p in FILES
    )
    code = f"import {modules}; from jax._src import xla_bridge as b; print(len(b._backends))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "0"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_hold_one_idea(path):
    assert len(path.read_text().splitlines()) <= 320
    assert path.stem != "utils"


@pytest.mark.slow
def test_parts_and_names_of_the_package_are_there_when_first_used():
    code = (
        "import jaxw2v, sys; names = dir(jaxw2v); assert 'jaxw2v.losses' not in sys.modules; "
        "print(jaxw2v.losses.softmax_loss.__name__, all(hasattr(jaxw2v, n) for n in names), *names)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, all_there, *names = out.stdout.split()
    assert (name, all_there) == ("softmax_loss", "True")
    assert {"train", "WordVectors", "losses", "sampling", "training", "__version__"} <= set(names)


def test_no_unit_test_imports_an_experiment():
    tests = Path(__file__).parent
    files = [p for p in tests.rglob("*.py") if "experiments" not in p.parts]
    assert len(files) > 50
    for path in files:
        assert not any(name.split(".")[0] == "experiments" for name in imports(path)), path


def test_every_module_has_a_file_of_tests():
    tests = Path(__file__).parent
    lacking = [
        str(module.relative_to(PACKAGE))
        for module in PACKAGE.rglob("*.py")
        if not module.name.startswith("__")
        and not (tests / module.relative_to(PACKAGE).with_name(f"test_{module.name}")).exists()
    ]
    assert lacking == []
