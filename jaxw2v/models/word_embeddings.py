"""The two tables of word2vec."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from jaxw2v.sampling import initial_rows


class WordEmbeddings(nnx.Module):
    r"""Input and output rows for every word; the score of a pair is their product.

    .. math:: \text{score}(i, j) = u_i \cdot c_j

    They start as those of a training run: input rows from
    :func:`jaxw2v.sampling.initial_rows`, output rows at zero, as in word2vec.c. The tables'
    ``nnx.get_partition_spec`` shards their rows along a mesh axis ``vocab``.

    Attributes:
      input_embedding: float32 [V, D], rows of words that predict (skip-gram's centers, cbow's
        contexts), the vectors that are exported.
      output_embedding: float32 [V, D], rows of what is predicted: words and negatives, or the
        nodes of a Huffman tree.

    Reference:
      Mikolov et al. 2013b; word2vec.c, ``InitNet``.

    Example:
      >>> model = WordEmbeddings(vocabulary_size=7, embedding_dim=3, rngs=nnx.Rngs(0))
      >>> model(jnp.array([0, 1]), jnp.array([2, 3])).tolist()
      [0.0, 0.0]
    """

    def __init__(self, vocabulary_size: int, embedding_dim: int, *, rngs: nnx.Rngs):
        """Makes the tables.

        Args:
          vocabulary_size: V, words.
          embedding_dim: D, components.
          rngs: the source of the key ``params``.
        """
        start = initial_rows(rngs.params(), vocabulary_size, embedding_dim)
        by_rows: dict[str, Any] = {"out_sharding": ("vocab", None), "eager_sharding": False}
        self.input_embedding = nnx.Param(start, **by_rows)
        self.output_embedding = nnx.Param(jnp.zeros_like(start), **by_rows)

    def __call__(self, centers: jax.Array, contexts: jax.Array) -> jax.Array:
        """Scores pairs.

        Args:
          centers: int32 [...], word ids.
          contexts: int32 [...], word ids.

        Returns:
          float32 [...], the log-odds that the pair is a true one.
        """
        u, c = self.input_embedding[centers], self.output_embedding[contexts]
        return jnp.einsum("...d,...d->...", u, c, precision=jax.lax.Precision.HIGHEST)
