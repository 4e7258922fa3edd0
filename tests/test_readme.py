"""The README's training loop runs and learns."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("optax_promotes")

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_training_loop_of_the_readme():
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (loop,) = [block for block in blocks if "def step(" in block]
    assert sum(bool(line) for line in loop.splitlines()) <= 30
    names = {}
    exec(loop, names)
    assert names["history"][-1] < 0.98 * names["history"][0]
