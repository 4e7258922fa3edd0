"""Loss curves of runs."""

import json

import matplotlib.image
import numpy as np
import pytest

from jaxw2v import InputError
from jaxw2v.plots import draw_curves


def test_curves_of_runs(tmp_path):
    for name, rise in (("a", 0.0), ("b", 0.5)):
        (tmp_path / name).mkdir()
        records = [
            {"epoch": i, "loss": rise + 1 / i, "validation_loss": rise + 2 / i if i > 1 else None}
            for i in (1, 2, 3)
        ]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (tmp_path / name / "metrics.jsonl").write_text(lines)
    draw_curves([tmp_path / "a"], tmp_path / "one.png")
    draw_curves([tmp_path / "a", tmp_path / "b"], tmp_path / "two.png")
    one, two = (matplotlib.image.imread(tmp_path / f"{n}.png") for n in ("one", "two"))
    assert one.shape == two.shape
    orange = (np.abs(two[..., :3] - np.array([213, 94, 0]) / 255) < 0.02).all(-1)
    assert orange.sum() > 200
    assert not (np.abs(one[..., :3] - np.array([213, 94, 0]) / 255) < 0.02).all(-1).any()
    (tmp_path / "b" / "metrics.jsonl").write_text("")
    (tmp_path / "vectors.txt").write_text("a 1 2\n")
    for folder in ("b", "c", "vectors.txt"):
        with pytest.raises(InputError, match="no epoch is recorded there; give folders"):
            draw_curves([tmp_path / folder], tmp_path / "x.png")
    for content in ("{", "{}"):
        (tmp_path / "b" / "metrics.jsonl").write_text(content)
        with (
            pytest.warns(RuntimeWarning, match="is no record of an epoch"),
            pytest.raises(InputError, match="no epoch is recorded there"),
        ):
            draw_curves([tmp_path / "b"], tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()
