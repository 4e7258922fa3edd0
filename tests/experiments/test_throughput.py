"""The benchmark runs end to end, and its counts are those of a case small enough to count."""

import json

import numpy as np
import pytest

import jaxw2v
from experiments.throughput.floors import count_step
from experiments.throughput.run import VARIED, Throughput
from experiments.throughput.synthetic import synthetic_stream


@pytest.mark.slow
@pytest.mark.lengthy
def test_smoke(tmp_path):
    path = tmp_path / "results.json"
    parts = ("cases", "sweep", "peers")
    Throughput(parts, cases=("dim128",), results=path, smoke=True).measure()
    results = json.loads(path.read_text())
    (run,) = results["cases"]
    assert run["words_per_second"] > 0
    assert any("fusion" in kernel["name"] for kernel in run["kernels"])
    assert [row["varied"] for row in results["sweep"]] == list(VARIED)
    speeds = {row["program"]: row["words_per_second"] for row in results["peers"]}
    assert min(speeds["jaxw2v"], speeds["gensim"]) > 0
    assert (tmp_path / "words_per_second.png").stat().st_size > 1_000


def test_the_synthetic_corpus_is_zipfs():
    stream = synthetic_stream(50_000, 100)
    counts = stream.vocabulary.counts
    assert counts.sum() == len(stream)
    ids, _ = stream.read(0, len(stream))
    assert np.array_equal(np.bincount(ids, minlength=100), counts)
    expected = 1 / (np.arange(100) + 2.7)
    np.testing.assert_allclose(counts / counts.sum(), expected / expected.sum(), atol=0.004)


def test_a_step_is_counted_by_hand():
    config = jaxw2v.Config(
        embedding_dim=10, block_length=8, negatives_per_block=4, subsample_threshold=1e-3
    )
    step = count_step(config, np.array([1, 1]), 8_000)
    assert round(step["distinct_rows"]) == 4
    # 8,000 centers, 12,000 outputs: a read and an added gradient each; 4 rows with a moment.
    assert round(step["bytes"]) == (8_000 + 12_000) * 40 * 3 + 4 * 40 * 3
    assert step["flops"] == 3 * 2 * 8_000 * 12 * 10
