"""The README and the pages: what they link to is there, what they show runs."""

import re
import sys
from pathlib import Path

import pytest

import jaxw2v

ROOT = Path(__file__).parents[1]
PAGES = ROOT / ".github" / "pages"
TEXTS = [
    ROOT / "README.md",
    ROOT / "jaxw2v" / "DESIGN.md",
    *sorted(PAGES.glob("*.md")),
    *sorted((ROOT / "experiments").rglob("*.md")),
]


@pytest.fixture
def maker(monkeypatch):
    """The modules that make the pages, by name."""
    monkeypatch.syspath_prepend(PAGES)

    def load(name):
        # Pages are made by scripts; nobody else's module of that name is meant.
        monkeypatch.delitem(sys.modules, name, raising=False)
        return __import__(name)

    return load


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(maker, page, tmp_path):
    maker("links").copy_page(page, tmp_path / "page.md", ROOT)
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text()):
        assert (page.parent / picture).is_file()


def test_links_become_those_of_the_site(maker, tmp_path):
    for name in ("README.md", "experiments/one/README.md", ".github/pages/two.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    page = tmp_path / ".github/pages/here.md"
    page.write_text("[a](../../experiments/one) [b](two.md#part) [c](here.py) `x[1](2)`")
    (tmp_path / ".github/pages/here.py").touch()
    maker("links").copy_page(page, tmp_path / "out/here.md", tmp_path)
    found = (tmp_path / "out/here.md").read_text()
    assert found.startswith("[a](experiments/one/README.md) [b](two.md#part) `c`")
    page.write_text("[a](nowhere.md)")
    with pytest.raises(ValueError, match=r"nowhere\.md, which is not there"):
        maker("links").copy_page(page, tmp_path / "out/here.md", tmp_path)


def test_every_message_has_a_remedy(maker, tmp_path):
    errors = maker("errors")
    package = Path(jaxw2v.__file__).parent
    assert list(errors.without_remedy(package)) == []
    listing = errors.listing(package)
    assert "| `FOLDER: already holds HOLDS` | choose another --out, or give --resume or" in listing
    assert listing.count("\n| `") > 250
    (tmp_path / "cli.py").write_text('raise InputError(f"{x}: the moon is full")')
    (problem,) = errors.without_remedy(tmp_path)
    assert problem.endswith("X: the moon is full")


def test_public_names_have_docstrings(maker, monkeypatch):
    api = maker("api")
    assert list(api.undocumented()) == []
    monkeypatch.setattr(api, "_public", lambda name: [("bare", lambda: None)])
    assert "jaxw2v.bare has no docstring" in api.undocumented()


@pytest.mark.slow
@pytest.mark.usefixtures("optax_promotes")
def test_the_training_loop_runs_and_learns():
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / "python.md").read_text(), re.DOTALL)
    _, own, loop, gradient = blocks
    exec(own, names := {})
    assert names["wv"].vectors.shape == (6, 16)
    assert sum(bool(line) for line in loop.splitlines()) <= 30
    names = {}
    exec(loop, names)
    assert names["history"][-1] < 0.98 * names["history"][0]
    exec(gradient, names)
    assert names["gradient"].shape == (4, 8)


def test_the_readme_is_short():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 112
