"""Vectors without what they have in common."""

from __future__ import annotations

import numpy as np

import jaxw2v


def all_but_the_top(wv: jaxw2v.WordVectors, components: int) -> jaxw2v.WordVectors:
    r"""Takes the mean and the first principal components out of all vectors.

    .. math:: \tilde v = v - \mu, \quad v' = \tilde v - \sum_{i \le n} (u_i^\top \tilde v)\, u_i

    Args:
      wv: the vectors.
      components: n; Mu and Viswanath take a hundredth of the dimension.

    Returns:
      The others.

    Reference:
      Mu and Viswanath 2018, "All-but-the-Top: Simple and Effective Postprocessing for Word
      Representations", algorithm 1.

    Example:
      >>> from jaxw2v.corpus import Vocabulary
      >>> wv = jaxw2v.WordVectors(Vocabulary(("a", "b"), [1, 1]), np.array([[2, 1], [4, 1.0]]))
      >>> all_but_the_top(wv, 0).vectors.tolist()
      [[-1.0, 0.0], [1.0, 0.0]]
    """
    centered = wv.vectors - wv.vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centered.T @ centered)
    top = directions[:, directions.shape[1] - components :]
    return jaxw2v.WordVectors(wv.vocabulary, centered - (centered @ top) @ top.T)
