"""Vectors of words."""

import jax
import jax.numpy as jnp
import numpy as np
from few_words import WORDS


def test_look_ups(wv):
    assert np.array_equal(wv["w5"], wv.vectors[5])
    assert np.array_equal(wv[["w5", "w0"]], wv.vectors[[5, 0]])
    assert "w5" in wv
    assert "w99" not in wv
    assert len(wv) == len(WORDS)


def test_to_embed_looks_up_the_vectors(wv):
    embed = wv.to_embed()
    ids = jnp.array([[3, 0], [61, 5]])
    assert np.array_equal(embed(ids), wv.vectors[np.asarray(ids)])
    one_hot = jax.nn.one_hot(ids, len(wv))
    product = jnp.einsum("abv,vd->abd", one_hot, wv.vectors, precision="highest")
    np.testing.assert_allclose(embed(ids), product, atol=1e-6)


def test_a_table_of_all(wv):
    frame = wv.to_frame()
    assert frame["word"].to_list() == WORDS
    assert frame["count"].to_list() == wv.counts.tolist()
    np.testing.assert_array_equal(frame["vector"].to_numpy(), wv.vectors)
