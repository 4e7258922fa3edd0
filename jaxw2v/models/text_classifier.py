"""A small classifier of texts on top of an embedding."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

from jaxw2v.errors import InputError


class TextClassifier(nnx.Module):
    r"""Embedding, pooling over the words of a text, a dense layer, class scores.

    .. math:: \text{logits} = W_2\,\mathrm{relu}(W_1 \bar e + b_1) + b_2,\quad
              \bar e = \frac{1}{n} \sum_{i \le n} e_{x_i}

    where n counts the words of the text without padding. With a convolution of width w, each word
    is seen with its neighbors, and the largest activation over the text is taken instead of the
    mean:

    .. math:: \bar e_f = \max_i \mathrm{relu}(\textstyle\sum_{j} F_{jf}^\top e_{x_{i+j}} + a_f)

    Attributes:
      embedding: float32 [V, D], rows of words.
      convolution: width w over words, from D to H features; ``None`` takes the mean.
      hidden: dense, to H features.
      output: dense, to the classes.

    Reference:
      Keras tutorials "Basic text classification" and "Using pre-trained word embeddings"; for the
      convolution Kim 2014.

    Example:
      >>> import numpy as np
      >>> embedding = nnx.Embed(7, 4, rngs=nnx.Rngs(0))
      >>> model = TextClassifier(embedding, num_classes=2, rngs=nnx.Rngs(1))
      >>> short = model(jnp.array([[3, 5]]))
      >>> padded = model(jnp.array([[3, 5, -1, -1]]))
      >>> short.shape, bool(np.allclose(short, padded))
      ((1, 2), True)
    """

    def __init__(
        self,
        embedding: nnx.Embed,
        num_classes: int,
        *,
        hidden_features: int = 16,
        convolution_width: int | None = None,
        rngs: nnx.Rngs,
    ):
        """Makes the layers above the embedding.

        Args:
          embedding: float32 [V, D], such as :meth:`jaxw2v.WordVectors.to_embed` gives; it is part
            of the model and trained unless the caller leaves it out of the gradient.
          num_classes: C, classes.
          hidden_features: H, of the dense layer and of the convolution (features).
          convolution_width: w (words); ``None`` has no convolution.
          rngs: the source of the key ``params``.

        Raises:
          InputError: a number is below 1.
        """
        for name, number in (
            ("num_classes", num_classes),
            ("hidden_features", hidden_features),
            ("convolution_width", 1 if convolution_width is None else convolution_width),
        ):
            if number < 1:
                raise InputError(f"{name} is {number}; it must be 1 or more")
        width = embedding.features
        self.embedding = embedding
        if convolution_width is None:
            self.convolution = None
        else:
            self.convolution = nnx.Conv(width, hidden_features, convolution_width, rngs=rngs)
            width = hidden_features
        self.hidden = nnx.Linear(width, hidden_features, rngs=rngs)
        self.output = nnx.Linear(hidden_features, num_classes, rngs=rngs)

    def __call__(self, ids: jax.Array) -> jax.Array:
        """Scores texts.

        Args:
          ids: int32 [B, n], word ids; negative ids are padding, and stand after the words.

        Returns:
          float32 [B, C], logits. A text without words is scored as if its mean were zero.
        """
        is_word = (ids >= 0)[..., None]
        rows = jnp.where(is_word, self.embedding(jnp.maximum(ids, 0)), 0)
        if self.convolution is None:
            pooled = rows.sum(-2) / jnp.maximum(is_word.sum(-2, dtype=rows.dtype), 1)
        else:
            features = nnx.relu(self.convolution(rows))
            pooled = jnp.where(is_word, features, 0).max(-2)
        return self.output(nnx.relu(self.hidden(pooled)))
