"""Exact softmax over the vocabulary, in memory that does not grow with pairs times V."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from jaxw2v.losses.product import AxisName, product, scores, to_devices

VOCABULARY_CHUNK = 8_192


# The score of what is no word: no sum notices its exponential.
NO_SCORE = -1e30


def log_partition(
    hidden: jax.Array,
    output_embedding: jax.Array,
    chunk: int = VOCABULARY_CHUNK,
    is_word: jax.Array | None = None,
    rows_axis_name: AxisName = None,
) -> jax.Array:
    r"""The logarithm of the sum that softmax divides by.

    .. math:: \log Z_i = \log \sum_{v=1}^{V} \exp(h_i \cdot c_v)

    Scores are made for ``chunk`` words at a time, once for the value and once more for the
    gradient, so that no array is larger than n times ``chunk``. Reverse-mode differentiation only;
    inside ``shard_map``, mark a replicated table as varying (``jax.lax.pcast``) before taking its
    gradient, and sum over the devices with ``jax.lax.psum``.

    Args:
      hidden: [n, D] floating; the same on all devices that hold different rows.
      output_embedding: [V, D] floating.
      chunk: words scored at once.
      is_word: bool [V], rows that count; ``None`` counts all.
      rows_axis_name: the mesh axes along which devices hold different rows of
        ``output_embedding``, V of one device; what travels is a maximum, a sum, and the gradient of
        ``hidden``.

    Returns:
      float32 [n], nats; the same on all those devices.

    Raises:
      ValueError: the shapes do not belong together, or ``chunk`` is below 1.

    Reference:
      Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".

    Example:
      >>> bool(jnp.isclose(log_partition(jnp.zeros((1, 3)), jnp.zeros((8, 3)), 4)[0], jnp.log(8)))
      True
    """
    if is_word is not None and is_word.shape != output_embedding.shape[:1]:
        raise ValueError(
            f"is_word {is_word.shape} must be {output_embedding.shape[:1]}, a row of "
            "output_embedding an entry"
        )
    if rows_axis_name:
        hidden = to_devices(hidden, rows_axis_name)
    return _log_partition(hidden, output_embedding, is_word, chunk, rows_axis_name)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _log_partition(hidden, output_embedding, is_word, chunk, rows_axis_name):
    return _forward(hidden, output_embedding, is_word, chunk, rows_axis_name)[0]


def _forward(hidden, output_embedding, is_word, chunk, rows_axis_name):
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
        words, counts, _ = _words(output_embedding, is_word, i, chunk)
        return _scores(hidden, words, counts)

    def add(i, carry):
        largest, total = carry
        scores = scores_of(i)
        new = jnp.maximum(largest, scores.max(axis=1))
        return new, total * jnp.exp(largest - new) + jnp.exp(scores - new[:, None]).sum(axis=1)

    first = scores_of(0)
    largest = first.max(axis=1)
    start = largest, jnp.exp(first - largest[:, None]).sum(axis=1)
    largest, total = jax.lax.fori_loop(1, _chunks(output_embedding, chunk), add, start)
    if rows_axis_name:
        of_all = jax.lax.pmax(largest, rows_axis_name)
        total = jax.lax.psum(total * jnp.exp(largest - of_all), rows_axis_name)
        largest = of_all
    log_z = largest + jnp.log(total)
    return log_z, (hidden, output_embedding, is_word, log_z)


def _backward(chunk, rows_axis_name, saved, weight):
    hidden, output_embedding, is_word, log_z = saved

    def gradients_of(i):
        words, counts, start = _words(output_embedding, is_word, i, chunk)
        share = jnp.exp(_scores(hidden, words, counts) - log_z[:, None]) * weight[:, None]
        grad_hidden = product("nv,vd->nd", share, words)
        return grad_hidden, product("nv,nd->vd", share, hidden), start

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
    return grad_hidden.astype(hidden.dtype), grad_outputs.astype(output_embedding.dtype), None


_log_partition.defvjp(_forward, _backward)


def _chunks(output_embedding, chunk):
    return -(-output_embedding.shape[0] // chunk)


def _words(output_embedding, is_word, i, chunk):
    """Rows of chunk i, which of them count, and its start; the last chunk may repeat rows."""
    size = output_embedding.shape[0]
    chunk = min(chunk, size)
    start = jnp.minimum(i * chunk, size - chunk)
    counts = start + jnp.arange(chunk) >= i * chunk
    if is_word is not None:
        counts &= jax.lax.dynamic_slice_in_dim(is_word, start, chunk)
    return jax.lax.dynamic_slice_in_dim(output_embedding, start, chunk), counts, start


def _scores(hidden, words, counts):
    products = product("nd,vd->nv", hidden, words)
    return jnp.where(counts[None], products, NO_SCORE)


def _target_rows(output_embedding, targets, rows_axis_name):
    """Rows of targets; where devices hold different rows, zeros for those of others."""
    if not rows_axis_name:
        return output_embedding[targets]
    size = output_embedding.shape[0]
    here = targets - jax.lax.axis_index(rows_axis_name) * size
    here = jnp.where((here >= 0) & (here < size), here, size)
    return output_embedding.at[here].get(mode="fill", fill_value=0)


def softmax_loss(
    hidden: jax.Array,
    output_embedding: jax.Array,
    targets: jax.Array,
    chunk: int = VOCABULARY_CHUNK,
    is_word: jax.Array | None = None,
    rows_axis_name: AxisName = None,
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
      is_word: see :func:`log_partition`.
      rows_axis_name: likewise; device i then holds the rows of the ids from i V on.

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
    log_z = log_partition(hidden, output_embedding, chunk, is_word, rows_axis_name)
    rows = _target_rows(output_embedding, targets, rows_axis_name)
    if rows_axis_name:
        hidden = to_devices(hidden, rows_axis_name)
    return log_z - scores("nd,nd->n", hidden, rows, rows_axis_name)


def block_softmax_loss(
    hidden: jax.Array,
    output_embedding: jax.Array,
    ids: jax.Array,
    target_mask: jax.Array,
    chunk: int = VOCABULARY_CHUNK,
    is_word: jax.Array | None = None,
    rows_axis_name: AxisName = None,
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
      is_word: see :func:`log_partition`.
      rows_axis_name: likewise; device i then holds the rows of the ids from i V on.

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
    flat = hidden.reshape(-1, hidden.shape[2])
    log_z = log_partition(flat, output_embedding, chunk, is_word, rows_axis_name)
    targets = _target_rows(output_embedding, ids, rows_axis_name)
    if rows_axis_name:
        hidden = to_devices(hidden, rows_axis_name)
    if mask.ndim == 2:
        score, pairs = scores("bid,bid->bi", targets, hidden, rows_axis_name), mask
    else:
        score, pairs = scores("bjd,bid->bji", targets, hidden, rows_axis_name), mask.sum(1)
    return (pairs.reshape(-1) * log_z).sum() - (mask * score).sum()
