"""Vectors whose rows are cut over 8 virtual devices answer as whole ones do."""

import pickle

import jax
import numpy as np
import pytest
from gensim.models import KeyedVectors
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxw2v import InputError, WordVectors
from jaxw2v.corpus import Vocabulary
from jaxw2v.devices.row_sharding import pieces, row_sharding
from jaxw2v.vectors import evaluate_analogies, evaluate_similarity, neighbors

V, D, PADDED = 45, 6, 48


@pytest.fixture(params=[(1, 8), (2, 4)], ids=["1x8", "2x4"])
def both(request):
    """The same words with whole vectors and with cut ones."""
    mesh = jax.make_mesh(request.param, ("data", "vocab"), axis_types=(AxisType.Auto,) * 2)
    rng = np.random.default_rng(0)
    vocabulary = Vocabulary.from_counts([f"w{i}" for i in range(V)], range(V, 0, -1))
    tables = rng.normal(size=(2, V, D)).astype(np.float32)
    # What stands past the last word must never be seen.
    padded = np.concatenate([tables, np.full((2, PADDED - V, D), 1e3, np.float32)], axis=1)
    cut = [jax.device_put(t, NamedSharding(mesh, PartitionSpec("vocab"))) for t in padded]
    return WordVectors(vocabulary, *tables), WordVectors(vocabulary, *cut)


@pytest.mark.slow
def test_queries_have_the_same_answers(both):
    whole, cut = both
    assert row_sharding(cut.vectors) is not None
    np.testing.assert_array_equal(cut["w3"], whole["w3"])
    np.testing.assert_array_equal(cut[["w3", "w44"]], whole[["w3", "w44"]])
    assert cut.similarity("w1", "w2") == pytest.approx(whole.similarity("w1", "w2"))
    for query in (
        {"positive": "w0", "topn": V},
        {"positive": ["w1", "w5"], "negative": ["w7"], "topn": 3},
        {"positive": [["w1"], ["w2"], ["w44"]], "topn": 20},
    ):
        expected, found = whole.most_similar(**query), cut.most_similar(**query)
        if isinstance(expected[0], tuple):
            expected, found = [expected], [found]
        for one, other in zip(expected, found, strict=True):
            assert [word for word, _ in one] == [word for word, _ in other]
            np.testing.assert_allclose([s for _, s in one], [s for _, s in other], atol=1e-5)
    np.testing.assert_allclose(cut.distances("w3"), whole.distances("w3"), atol=1e-5)
    assert cut.rank("w1", "w2") == whole.rank("w1", "w2")
    for method in ("3cosadd", "3cosmul"):
        expected = whole.analogy("w1", "w2", "w3", 5, method)
        found = cut.analogy("w1", "w2", "w3", 5, method)
        assert [word for word, _ in expected] == [word for word, _ in found]


@pytest.mark.slow
def test_scores_are_the_same(both, tmp_path):
    whole, _ = both
    rng = np.random.default_rng(1)
    pairs = [f"w{a} w{b} {rng.uniform()}" for a, b in rng.integers(0, V, (30, 2))]
    (tmp_path / "pairs.txt").write_text("\n".join(pairs))
    questions = ["w1 w2 w3 " + whole.analogy("w1", "w2", "w3")[0][0]]
    questions += [" ".join(f"w{i}" for i in row) for row in rng.integers(0, V, (20, 4))]
    (tmp_path / "questions.txt").write_text(": s\n" + "\n".join(questions))
    similarity = [evaluate_similarity(wv, tmp_path / "pairs.txt") for wv in both]
    assert similarity[0].spearman == pytest.approx(similarity[1].spearman)
    for restrict in (20, 30_000):
        for method in ("3cosadd", "3cosmul"):
            expected, found = (
                evaluate_analogies(wv, tmp_path / "questions.txt", restrict, method) for wv in both
            )
            assert expected == found
    assert expected[-1].correct > 0


def test_files_are_the_same(both, tmp_path, monkeypatch):
    whole, cut = both
    monkeypatch.setattr("jaxw2v.devices.row_sharding.ROWS_AT_ONCE", 7)
    for name, wv in (("whole", whole), ("cut", cut)):
        wv.save(tmp_path / name)
        wv.export(tmp_path / f"{name}.txt", "word2vec-text")
        wv.variant("sum").export(tmp_path / f"{name}.bin", "word2vec-bin")
    for file in ("vectors.safetensors", "vocabulary.tsv"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "cut" / file).read_bytes()
    for ending in ("txt", "bin"):
        expected, found = (tmp_path / f"{name}.{ending}" for name in ("whole", "cut"))
        assert expected.read_bytes() == found.read_bytes()
    loaded = WordVectors.load(tmp_path / "cut")
    np.testing.assert_array_equal(loaded.vectors, whole.vectors)
    np.testing.assert_array_equal(loaded.output_vectors, whole.output_vectors)
    theirs = KeyedVectors.load_word2vec_format(tmp_path / "cut.txt")
    np.testing.assert_allclose(theirs["w44"], whole["w44"], rtol=1e-6)


def test_no_device_gathers_the_table():
    """Queries over a table of 8 MB move less than a part of it."""
    mesh = jax.make_mesh((1, 8), ("data", "vocab"), axis_types=(AxisType.Auto,) * 2)
    rows = NamedSharding(mesh, PartitionSpec("vocab"))
    table = jax.device_put(np.zeros((65_536, 32), np.float32), rows)
    inverse = jax.device_put(np.zeros(65_536, np.float32), rows)
    queries = neighbors.Queries(
        np.zeros((2, 1, 32), np.float32), np.ones((2, 1), np.float32), np.zeros((2, 3), np.int32)
    )
    search = neighbors._nearest_of_all.lower(
        table, inverse, queries, 10, 65_536, False, row_sharding(table)
    ).compile()
    memory = search.memory_analysis()
    assert memory.temp_size_in_bytes < table.nbytes / 8
    assert "f32[65536" not in search.as_text()
    assert sum(piece.nbytes for piece in pieces(table, 65_536)) == table.nbytes


def test_vectors_that_cannot_be_are_refused(both):
    _, cut = both
    too_many = Vocabulary.from_counts([f"w{i}" for i in range(99)], range(99, 0, -1))
    with pytest.raises(InputError, match="expected"):
        WordVectors(too_many, cut.vectors)
    bad = cut.vectors.at[3, 2].set(np.nan)
    with pytest.raises(InputError, match="not finite"):
        WordVectors(cut.vocabulary, jax.device_put(bad, cut.vectors.sharding))
    with pytest.raises(InputError, match="cut over devices"):
        cut.to_embed()


def test_a_pickle_holds_whole_vectors(both):
    whole, cut = both
    there = pickle.loads(pickle.dumps(cut))
    np.testing.assert_array_equal(there.vectors, whole.vectors)
    np.testing.assert_array_equal(there.output_vectors, whole.output_vectors)
    assert not there.vectors.flags.writeable
    assert there.to_embed().embedding[...].shape == (V, D)
    assert len(there.to_frame()) == V
