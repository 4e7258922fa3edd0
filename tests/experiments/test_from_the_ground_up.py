"""The guide: its notebook and its page are those of guide.py, and its cells run."""

import json
import os
import re
import subprocess
import sys

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
        assert text in page
    pictures = re.findall(r"!\[\w+\]\(([^)]+)\)", page)
    assert len(pictures) == 5
    for name in pictures:
        assert (HERE / name).read_bytes().startswith(b"\x89PNG")
    for link in re.findall(r"\]\((\.\./[^)]+)\)", page):
        assert (HERE / link / "README.md").is_file()


@pytest.mark.slow
@pytest.mark.lengthy
def test_the_guide_runs_and_shows_what_it_says():
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, GUIDE.name], cwd=HERE, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "the same: True" in done.stdout
    speeds = [int(speed.replace(",", "")) for speed in re.findall(r"([\d,]+) pairs/s", done.stdout)]
    assert speeds == sorted(speeds)
    assert len(speeds) == 3
    losses = re.findall(r"loss (\S+) to (\S+) nats", done.stdout)
    starts, ends = zip(*(map(float, pair) for pair in losses), strict=True)
    np.testing.assert_allclose(starts, [np.log(2_000), 6 * np.log(2)], atol=0.01)
    assert ends[0] < 6.5
    assert ends[1] < 2.5
    assert re.search(r"file .*\b(directory|filename|path)\b", done.stdout)
    accuracies = [float(a) for a in re.findall(r"(\d+)%", done.stdout)]
    assert len(accuracies) == 9
    assert accuracies[0] < accuracies[1]
