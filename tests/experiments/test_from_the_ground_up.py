"""The guide: its notebook and its page are those of guide.py, and its cells run."""

import json
import re
import runpy

import matplotlib
import numpy as np
import pytest

from experiments.from_the_ground_up.run import GUIDE, HERE, NOTEBOOK, PAGE


def cells():
    """The cells of guide.py: whether each is code, and its text."""
    parts = re.split(r"^# %%(.*)\n", GUIDE.read_text(), flags=re.MULTILINE)[1:]
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        is_code = not kind.strip()
        yield is_code, text.strip() if is_code else re.sub(r"(?m)^# ?", "", text.strip())


def test_the_notebook_has_the_cells_of_the_guide():
    notebook = json.loads((HERE / NOTEBOOK).read_text())
    found = [(c["cell_type"] == "code", "".join(c["source"])) for c in notebook["cells"]]
    assert found == list(cells())
    errors = [o for c in notebook["cells"] for o in c.get("outputs", ()) if "ename" in o]
    assert not errors


def test_the_page_has_the_cells_and_the_pictures():
    page = (HERE / PAGE).read_text()
    for _, text in cells():
        assert text.replace("\n\n\n", "\n\n") in page
    pictures = re.findall(r"!\[\w+\]\(([^)]+)\)", page)
    assert len(pictures) == 5
    for name in pictures:
        assert (HERE / name).read_bytes().startswith(b"\x89PNG")
    for link in re.findall(r"\]\((\.\./[^)]+)\)", page):
        assert (HERE / link / "README.md").is_file()


@pytest.mark.slow
@pytest.mark.lengthy
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_guide_runs_and_shows_what_it_says():
    matplotlib.use("Agg")
    found = runpy.run_path(str(GUIDE))
    assert found["speeds"]["softmax"] < found["speeds"]["negative sampling"]
    assert found["history"][0] == pytest.approx(6 * np.log(2), abs=0.01)
    assert np.mean(found["history"][-50:]) < 2.5
    assert {"directory", "filename", "path"} & set(
        found["nearest"](np.asarray(found["tables"]["u"]), "file").split(", ")
    )
