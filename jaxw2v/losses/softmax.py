"""Exact softmax over the vocabulary, in memory that does not grow with pairs times V."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from jaxw2v.losses.product import PRODUCT

VOCABULARY_CHUNK = 8_192


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def log_partition(
    hidden: jax.Array, output_embedding: jax.Array, chunk: int = VOCABULARY_CHUNK
) -> jax.Array:
    r"""The logarithm of the sum that softmax divides by.

    .. math:: \log Z_i = \log \sum_{v=1}^{V} \exp(h_i \cdot c_v)

    Scores are made for ``chunk`` words at a time, once for the value and once more for the
    gradient, so that no array is larger than n times ``chunk``. Reverse-mode differentiation only;
    inside ``shard_map``, mark a replicated table as varying (``jax.lax.pcast``) before taking its
    gradient, and sum over the devices with ``jax.lax.psum``.

    Args:
      hidden: [n, D] floating.
      output_embedding: [V, D] floating.
      chunk: words scored at once.

    Returns:
      float32 [n], nats.

    Raises:
      ValueError: the shapes do not belong together, or ``chunk`` is below 1.

    Reference:
      Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".

    Example:
      >>> bool(jnp.isclose(log_partition(jnp.zeros((1, 3)), jnp.zeros((8, 3)), 4)[0], jnp.log(8)))
      True
    """
    return _forward(hidden, output_embedding, chunk)[0]


def _forward(hidden, output_embedding, chunk):
    if chunk < 1:
        raise ValueError(f"chunk is {chunk}; it must be 1 or more")
    if (
        hidden.ndim != 2
        or output_embedding.ndim != 2
        or hidden.shape[1:] != (output_embedding.shape[1],)
    ):
        raise ValueError(
            f"hidden {hidden.shape} and output_embedding {output_embedding.shape} must be [n, D] "
            "and [V, D]"
        )

    def scores_of(i):
        words, is_new, _ = _words(output_embedding, i, chunk)
        return _scores(hidden, words, is_new)

    def add(i, carry):
        largest, total = carry
        scores = scores_of(i)
        new = jnp.maximum(largest, scores.max(axis=1))
        return new, total * jnp.exp(largest - new) + jnp.exp(scores - new[:, None]).sum(axis=1)

    first = scores_of(0)
    largest = first.max(axis=1)
    start = largest, jnp.exp(first - largest[:, None]).sum(axis=1)
    largest, total = jax.lax.fori_loop(1, _chunks(output_embedding, chunk), add, start)
    log_z = largest + jnp.log(total)
    return log_z, (hidden, output_embedding, log_z)


def _backward(chunk, saved, weight):
    hidden, output_embedding, log_z = saved

    def gradients_of(i):
        words, is_new, start = _words(output_embedding, i, chunk)
        share = jnp.exp(_scores(hidden, words, is_new) - log_z[:, None]) * weight[:, None]
        grad_hidden = jnp.einsum("nv,vd->nd", share, words, **PRODUCT)
        return grad_hidden, jnp.einsum("nv,nd->vd", share, hidden, **PRODUCT), start

    def add(i, carry):
        grad_hidden, grad_outputs = carry
        more, grad_words, start = gradients_of(i)
        before = jax.lax.dynamic_slice_in_dim(grad_outputs, start, grad_words.shape[0])
        return grad_hidden + more, jax.lax.dynamic_update_slice_in_dim(
            grad_outputs, before + grad_words, start, 0
        )

    grad_hidden, grad_words, _ = gradients_of(0)
    rest = output_embedding.shape[0] - grad_words.shape[0]
    start = grad_hidden, jnp.pad(grad_words, ((0, rest), (0, 0)))
    grad_hidden, grad_outputs = jax.lax.fori_loop(1, _chunks(output_embedding, chunk), add, start)
    return grad_hidden.astype(hidden.dtype), grad_outputs.astype(output_embedding.dtype)


log_partition.defvjp(_forward, _backward)


def _chunks(output_embedding, chunk):
    return -(-output_embedding.shape[0] // chunk)


def _words(output_embedding, i, chunk):
    """Rows of a chunk; the last one reaches back, and says which of its rows are new."""
    size = output_embedding.shape[0]
    chunk = min(chunk, size)
    start = jnp.minimum(i * chunk, size - chunk)
    is_new = start + jnp.arange(chunk) >= i * chunk
    return jax.lax.dynamic_slice_in_dim(output_embedding, start, chunk), is_new, start


def _scores(hidden, words, is_new):
    scores = jnp.einsum("nd,vd->nv", hidden, words, **PRODUCT)
    return jnp.where(is_new[None], scores, -jnp.inf)


def softmax_loss(
    hidden: jax.Array,
    output_embedding: jax.Array,
    targets: jax.Array,
    chunk: int = VOCABULARY_CHUNK,
) -> jax.Array:
    r"""Cross-entropy of the softmax over the whole vocabulary.

    .. math:: \log Z_i - h_i \cdot c_{t_i}

    The model of one-hot input, a dense layer without bias, and softmax with categorical
    cross-entropy: ``hidden`` is the one-hot vector times the input embedding, that is, a row.

    Args:
      hidden: [n, D] floating.
      output_embedding: [V, D] floating.
      targets: int [n], word ids; see :func:`jaxw2v.sampling.check_ids` for ids outside.
      chunk: words scored at once.

    Returns:
      float32 [n], nats.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 2.

    Example:
      >>> loss = softmax_loss(jnp.zeros((1, 3)), jnp.zeros((8, 3)), jnp.array([2]))
      >>> bool(jnp.isclose(loss[0], jnp.log(8)))
      True
    """
    if targets.shape != hidden.shape[:1]:
        raise ValueError(f"targets {targets.shape} must be [n], with n of hidden {hidden.shape}")
    log_z = log_partition(hidden, output_embedding, chunk)
    return log_z - jnp.einsum("nd,nd->n", hidden, output_embedding[targets], **PRODUCT)


def block_softmax_loss(
    hidden: jax.Array,
    output_embedding: jax.Array,
    ids: jax.Array,
    target_mask: jax.Array,
    chunk: int = VOCABULARY_CHUNK,
) -> jax.Array:
    r"""The summed softmax loss of all pairs in some blocks.

    .. math:: \sum_i m_i \log Z_i - \sum_{ij} M_{ji} \, h_i \cdot c_{x_j}, \quad
              m_i = \sum_j M_{ji}

    The partition sum is taken once for a center, whatever the number of its contexts.

    Args:
      hidden: [B, L, D] floating.
      output_embedding: [V, D] floating.
      ids: int [B, L], the block's words x.
      target_mask: bool or weights [B, L (target), L (hidden)], which words each hidden vector
        predicts; or bool [B, L], which hidden vectors predict the word in their own place.
      chunk: words scored at once.

    Returns:
      float32 [], nats, summed over pairs.

    Raises:
      ValueError: the shapes do not belong together.

    Reference:
      Mikolov et al. 2013b, equation 2.

    Example:
      >>> mask = ~jnp.eye(2, dtype=bool)[None]
      >>> ids = jnp.array([[0, 1]])
      >>> loss = block_softmax_loss(jnp.zeros((1, 2, 3)), jnp.zeros((8, 3)), ids, mask)
      >>> bool(jnp.isclose(loss, 2 * jnp.log(8)))
      True
    """
    if hidden.ndim != 3 or ids.shape != hidden.shape[:2]:
        raise ValueError(f"hidden {hidden.shape} and ids {ids.shape} must be [B, L, D] and [B, L]")
    if target_mask.shape not in ((*ids.shape, ids.shape[1]), ids.shape):
        raise ValueError(
            f"target_mask {target_mask.shape} must be [B, L, L] or [B, L] for ids {ids.shape}"
        )
    mask = target_mask.astype(jnp.float32)
    log_z = log_partition(hidden.reshape(-1, hidden.shape[2]), output_embedding, chunk)
    targets = output_embedding[ids]
    if mask.ndim == 2:
        score, pairs = jnp.einsum("bid,bid->bi", targets, hidden, **PRODUCT), mask
    else:
        score, pairs = jnp.einsum("bjd,bid->bji", targets, hidden, **PRODUCT), mask.sum(1)
    return (pairs.reshape(-1) * log_z).sum() - (mask * score).sum()
