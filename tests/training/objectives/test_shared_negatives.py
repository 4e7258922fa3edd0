"""A block's words, then the negatives that its pairs share."""

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from objective_cases import COUNTS, B, D, L, V
from sampling_counts import LEVEL
from scipy import stats

from jaxw2v.training.objectives.shared_negatives import SharedNegatives

LAYER = SharedNegatives(0.75, None, num_negatives=3, negatives_per_block=6)


@pytest.mark.slow
def test_negatives_follow_the_noise_and_depend_on_the_block_alone():
    noise = LAYER.constants(COUNTS)
    numbers = jnp.arange(4_000)
    drawn = LAYER.draw(jax.random.key(0), noise, numbers)
    assert drawn.shape == (4_000, 6)
    again = LAYER.draw(jax.random.key(0), noise, numbers[7:9])
    np.testing.assert_array_equal(again, drawn[7:9])
    assert not np.array_equal(LAYER.draw(jax.random.key(1), noise, numbers), drawn)
    expected = COUNTS**0.75 / (COUNTS**0.75).sum()
    observed = np.bincount(np.asarray(drawn).ravel(), minlength=V)
    assert stats.chisquare(observed, expected * observed.sum()).pvalue > LEVEL


@pytest.mark.slow
@pytest.mark.parametrize("own_word", [False, True])
def test_loss_and_gradients_are_those_of_the_pairs(own_word):
    rng = np.random.default_rng(0)
    ids = jnp.asarray(rng.integers(0, V, (B, L)))
    hidden, table = (jnp.asarray(rng.normal(size=(*n, D)), jnp.float32) for n in ((B, L), (V,)))
    mask = jnp.asarray(rng.random((B, L) if own_word else (B, L, L)) < 0.3)
    draws = LAYER.draw(jax.random.key(0), LAYER.constants(COUNTS), jnp.arange(B))
    rows = table[LAYER.row_ids((), ids, draws)]
    pairs = np.argwhere(np.asarray(mask)).tolist()
    pairs = [(b, i, i) for b, i in pairs] if own_word else [(b, c, t) for b, t, c in pairs]
    vectors, words, chosen = (np.asarray(array) for array in (hidden, table[ids], table[draws]))
    expected = sum(
        oracles.block_loss(vectors[b], words[b], chosen[b], [(c, t)], 3) for b, c, t in pairs
    )
    found = jax.jit(LAYER.loss)((), ids, hidden, rows, mask)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
    written = jax.jit(LAYER.gradients)((), ids, hidden, rows, mask)
    by_autodiff = jax.jit(super(SharedNegatives, LAYER).gradients)
    differentiated = by_autodiff((), ids, hidden, rows, mask)
    for one, other in zip(written, differentiated, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_scores_that_travel():
    assert LAYER.rows_per_block(32, ()) == 38
    assert LAYER.scores_per_block(32, (), own_word=False) == 32 * 38
    assert LAYER.scores_per_block(32, (), own_word=True) == 32 * 7
