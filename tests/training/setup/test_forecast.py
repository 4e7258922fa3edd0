"""What a run of a given size would take."""

import numpy as np
import pytest

from jaxw2v import Config, InputError
from jaxw2v.training.setup.forecast import forecast, report, zipf_counts, zipf_weights

GIB = 2**30


def test_words_are_counted_by_zipfs_law():
    weights = zipf_weights(1_000)
    np.testing.assert_allclose(weights * (np.arange(1_000) + 2.7), 1)
    counts = zipf_counts(1_000, 10**7)
    assert counts.sum() == pytest.approx(10**7, rel=1e-3)
    assert counts[0] / counts[9] == pytest.approx(11.7 / 2.7, rel=1e-4)
    assert zipf_counts(1_000, 1_000).min() == 1


@pytest.mark.parametrize(("mesh", "share"), [("1x1", 1), ("8x1", 1), ("1x8", 8), ("1x1x8", 8)])
def test_tables_are_shared_out_by_rows_or_columns(mesh, share):
    config = Config(embedding_dim=256)
    _, footprint = forecast(config, 100_000, 10**8, mesh)
    assert footprint.memory()["tables"] == 2 * 100_096 * 256 * 4 // share


@pytest.mark.parametrize(
    ("size", "mesh", "message"),
    [
        ((1, 100), "1x1", "give 2 words or more"),
        ((1_000, 999), "1x1", "as many tokens at least"),
        ((1_000, 10**6), "1x3", "a power of two"),
        ((1_000, 10**6), "x", "mesh"),
    ],
)
def test_sizes_that_cannot_be(size, mesh, message):
    with pytest.raises(InputError, match=message):
        forecast(Config(), *size, mesh)


def test_a_report_says_which_meshes_hold_it():
    job, footprint = forecast(Config(embedding_dim=300), 1_000_000, 10**9, "8x1")
    text = report(job, footprint, 2 * GIB)
    assert "1,000,000 words of 300 components" in text
    lines = {line.split()[0]: line for line in text.splitlines() if line.endswith(("fits", "fit"))}
    assert lines["8x1"].endswith("does not fit")
    assert lines["1x8"].endswith(" fits")
    assert lines["1x1x8"].endswith(" fits")
    total = sum(footprint.memory().values()) / 2**20
    assert f"{total:,.1f}" in text
    small = report(*forecast(Config(), 1_000, 10**6, "1x1"), 16 * GIB)
    assert "does not fit" not in small
