import pytest

from jaxw2v.corpus import builtin


@pytest.fixture
def small(tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    (package / "b.py").write_text('"""Module b.\n\nTwo\nlines."""\n\ndef f():\n    """Of f."""\n')
    (package / "a.py").write_text(
        'class A:\n    """Of A."""\n    def m(self):\n        """Of f."""\n'
    )
    (package / "broken.py").write_text("def (")
    (package / "tests").mkdir()
    (package / "tests" / "t.py").write_text('"""A test."""')
    monkeypatch.setattr(builtin, "_roots", lambda: [package])


def test_documentation_strings_are_collected_once_and_in_order(small):
    path = builtin.collect()
    assert path.read_text() == "Of A.\nOf f.\nModule b.\nTwo lines.\n"
    assert builtin.collect() == path


def test_every_package_is_found():
    assert len(builtin._roots()) == 1 + len(builtin.PACKAGES)
