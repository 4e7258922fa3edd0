"""A folder of tables and words."""

import numpy as np
import pytest

from jaxw2v import InputError, WordVectors


def test_a_folder_reads_back(wv, tmp_path):
    both = WordVectors(wv.vocabulary, wv.vectors, wv.vectors * 2)
    both.save(tmp_path / "f")
    again = WordVectors.load(tmp_path / "f")
    assert again.words == wv.words
    assert np.array_equal(again.vectors, wv.vectors)
    assert np.array_equal(again.output_vectors, wv.vectors * 2)
    assert np.array_equal(again.counts, wv.counts)
    assert {p.name for p in (tmp_path / "f").iterdir()} == {"vectors.safetensors", "vocabulary.tsv"}


def test_vectors_that_do_not_lie_row_by_row_are_saved_as_they_are(wv, tmp_path):
    for vectors in (wv.vectors[:, :5], np.asfortranarray(wv.vectors), wv.vectors[:, ::-1]):
        WordVectors(wv.vocabulary, vectors, vectors).save(tmp_path)
        assert np.array_equal(WordVectors.load(tmp_path).vectors, vectors)
        assert np.array_equal(WordVectors.load(tmp_path).output_vectors, vectors)


def damage(folder, name, change):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("vectors.safetensors", lambda b: b[:-100], "cut short"),
        ("vectors.safetensors", lambda b: b[:5], "cut short"),
        (
            "vectors.safetensors",
            lambda b: b[:-4] + np.float32("nan").tobytes(),
            ": row 11 .*; restore",
        ),
        ("vocabulary.tsv", lambda b: b[:-30], "vocabulary|expected|shape"),
        ("vocabulary.tsv", lambda b: b"".join(b.splitlines(True)[:-1]), "a row a word"),
        (
            "vocabulary.tsv",
            lambda b: b + b.splitlines(True)[0],
            "twice: .*, first as line 1; restore",
        ),
    ],
)
def test_a_damaged_folder_is_refused(wv, tmp_path, name, change, message):
    wv.save(tmp_path)
    damage(tmp_path, name, change)
    with pytest.raises(InputError, match=message):
        WordVectors.load(tmp_path)


def test_a_folder_of_a_newer_version_is_refused(wv, tmp_path):
    wv.save(tmp_path)
    (tmp_path / "jaxw2v.json").write_text('{"program": "jaxw2v", "kind": "run", "format": 999}')
    with pytest.raises(InputError, match=r"jaxw2v\.json: is of format 999, .*; use the version"):
        WordVectors.load(tmp_path)
