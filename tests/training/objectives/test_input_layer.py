"""Which rows predict which words."""

import numpy as np
import pytest
from objective_cases import B, D, L

from jaxw2v.training.objectives.input_layer import ContinuousBagOfWords, InputLayer, SkipGram


@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    pairs = rng.random((B, L, L)) < 0.4
    pairs[0, :, 2] = False
    return pairs


@pytest.fixture
def rows():
    return np.random.default_rng(1).normal(size=(B, L, D)).astype(np.float32)


def test_a_centers_row_predicts_each_context(pairs, rows):
    layer = SkipGram()
    assert layer.hidden((), None, rows, pairs) is rows
    assert layer.targets(pairs) is pairs


@pytest.mark.parametrize("combine", ["mean", "sum"])
def test_contexts_together_predict_the_center(pairs, rows, combine):
    layer = ContinuousBagOfWords(combine)
    found = layer.hidden((), None, rows, pairs)
    for b in range(B):
        for center in range(L):
            contexts = rows[b][pairs[b, :, center]]
            together = (
                contexts.sum(0) if combine == "sum" or not len(contexts) else contexts.mean(0)
            )
            np.testing.assert_allclose(found[b, center], together, atol=1e-5)
    np.testing.assert_array_equal(layer.targets(pairs), pairs.any(1))
    assert not layer.targets(pairs)[0, 2]


def test_a_layer_reads_the_words_own_rows_unless_it_says_otherwise():
    class Plain(InputLayer):
        hidden = targets = None

    ids = np.array([[3, 1]])
    assert Plain().row_ids((), ids) is ids
    assert Plain().rows_per_block(32, ()) == 32
    assert Plain().constants(np.array([1])) == ()
    assert not Plain.by_columns
    assert SkipGram.by_columns
    assert ContinuousBagOfWords.by_columns
    with pytest.raises(TypeError, match="abstract"):
        InputLayer()
