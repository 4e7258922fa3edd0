"""The experiments on devices run end to end; the loop under pmap gives the bits of a mesh."""

import json

import numpy as np
import pytest

import jaxw2v
from experiments.large_vocabulary.run import LargeVocabulary
from experiments.multi_device import pmap_loop, run

pytestmark = pytest.mark.slow


@pytest.mark.lengthy
def test_smoke(small_folder):
    results = small_folder / "results.json"
    corpus = small_folder / "corpus.txt"
    run.MultiDevice(corpus, small_folder, results=results, smoke=True).measure()
    found = json.loads(results.read_text())
    whole = [r for r in found["meshes"] if not r["next_rate"] and r["mesh"].count("x") == 1]
    assert len({record["sha256"] for record in whole}) == 1
    others = [r["median_distance"] for r in found["meshes"] if r not in whole]
    assert len(others) == 2
    assert all(0 < distance < 0.01 for distance in others)
    assert all(ratio > 0 for ratio in found["two_devices_over_one"]["2x1"])
    for record in found["busiest_shard"]:
        assert 1 <= record["input_rows"] <= record["input_uses"] <= record["pieces"]


def test_bytes_fall_with_the_pieces_of_the_tables():
    records = {(r["vocabulary"], r["mesh"]): r for r in run.bytes_by_size()}
    whole, cut = records[10_000_000, "1x1"], records[10_000_000, "1x64"]
    assert whole["memory"]["tables"] / cut["memory"]["tables"] == 64
    # What travels does not know of the vocabulary.
    million = records[1_000_000, "1x64"]["traffic"]
    assert million == cut["traffic"]


def test_what_travels_along_columns_does_not_grow_with_devices(tmp_path):
    records = run.bytes_by_devices()
    run.draw(records, tmp_path / "bytes.png")
    assert (tmp_path / "bytes.png").stat().st_size < 150_000
    fixed = {(r["way"], r["devices"]): r["bytes"] for r in records if not r["step_grows"]}
    assert fixed["dim_data", 1] == 0
    assert fixed["dim_data", 8] == fixed["dim_data", 2]
    assert fixed["dim_data", 8] * 12 < fixed["vocab", 8]
    assert fixed["dim_data", 64] < fixed["dim_vocab", 64] < fixed["data", 64]


def test_a_loop_under_pmap_gives_the_bits_of_a_mesh(small_folder):
    config = jaxw2v.Config(embedding_dim=8, epochs=2, tokens_per_step=512)
    path = str(small_folder / "corpus.txt")
    looped = pmap_loop.train(pmap_loop.PmapLoop(path, config))
    trained = jaxw2v.train(path, config, mesh="8x1", show_progress=False)
    np.testing.assert_array_equal(looped.vectors, trained.vectors)


@pytest.mark.lengthy
def test_large_vocabularies_smoke(small_folder):
    results = small_folder / "results.json"
    settings = LargeVocabulary(
        corpus=str(small_folder / "corpus.txt"),
        eval_dir=small_folder,
        results=results,
        smoke=True,
    )
    settings.measure()
    found = json.loads(results.read_text())
    swept = [(r["row_updates"], r["seed"]) for r in found["sweep"]]
    assert swept == [(name, seed) for name in ("auto", "sparse", "dense") for seed in (1, 2)]
    assert all(r["learning_rate"] > 0 for r in found["sweep"])
    assert [record["ratio"] for record in found["cost"]][::2] == [1, 1]
    assert (small_folder / "cost.png").stat().st_size < 150_000
