"""The benchmark runs end to end, and its counts are those of a case small enough to count."""

import json

import numpy as np

import jaxw2v
from experiments.throughput.run import Throughput, count_step, measure, synthetic_stream


def test_smoke(tmp_path):
    results = tmp_path / "results.json"
    measure(Throughput(cases=("dim128",), results=results, smoke=True))
    (run,) = json.loads(results.read_text())["runs"]
    assert run["words_per_second"] > 0
    assert any("fusion" in kernel["name"] for kernel in run["kernels"])


def test_the_synthetic_corpus_is_zipfs():
    stream = synthetic_stream(50_000, 100)
    counts = stream.vocabulary.counts
    assert counts.sum() == len(stream)
    ids, _ = stream.read(0, len(stream))
    assert np.array_equal(np.bincount(ids, minlength=100), counts)
    expected = 1 / (np.arange(100) + 2.7)
    np.testing.assert_allclose(counts / counts.sum(), expected / expected.sum(), atol=0.004)


def test_a_step_is_counted_by_hand():
    config = jaxw2v.Config(embedding_dim=10, block_length=8, negatives_per_block=4)
    step = count_step(config, np.array([1, 1]), 8_000)
    assert round(step["distinct_rows"]) == 4
    # 8,000 centers, 12,000 outputs: a read and an added gradient each; 4 rows with a moment.
    assert round(step["bytes"]) == (8_000 + 12_000) * 40 * 3 + 4 * 40 * 5
    assert step["flops"] == 3 * 2 * 8_000 * 12 * 10
