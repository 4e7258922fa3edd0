"""TensorBoard's files."""

import numpy as np


def test_tensorboards_files(wv, tmp_path):
    wv.export(tmp_path / "logs", "tensorboard")
    read = np.loadtxt(tmp_path / "logs" / "vectors.tsv", np.float32, delimiter="\t")
    np.testing.assert_array_equal(read, wv.vectors)
    lines = (tmp_path / "logs" / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "word\tcount"
    rows = [line.split("\t") for line in lines[1:-1]]
    assert tuple(word for word, _ in rows) == wv.words
    assert [int(count) for _, count in rows] == wv.counts.tolist()
    config = (tmp_path / "logs" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "vectors.tsv"' in config
