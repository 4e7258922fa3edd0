"""Decisions between left and right at rows: left has the sigmoid of a score as its chance."""

from __future__ import annotations

import jax

from jaxw2v.losses.product import AxisName, scores, through_scores


def block_decision_loss(
    hidden: jax.Array,
    rows: jax.Array,
    left: jax.Array,
    both: jax.Array,
    axis_name: AxisName = None,
) -> jax.Array:
    r"""The summed loss of what some blocks decide.

    .. math:: -\sum_{mi} \left( \mathrm{left}_{mi} \log \sigma(r_m \cdot h_i)
              + (\mathrm{both}_{mi} - \mathrm{left}_{mi}) \log \sigma(-r_m \cdot h_i) \right)

    Args:
      hidden: [B, L, D] floating.
      rows: [B, M, D] floating.
      left: float32 [B, M, L], how often each hidden vector goes left at each row.
      both: float32 [B, M, L], how often it goes left or right.
      axis_name: the mesh axes, as :func:`jax.lax.psum` takes them, along which devices hold
        different columns of every row, and D is what one of them holds; ``None`` where rows are
        whole.

    Returns:
      float32 [], nats.

    Example:
      >>> import jax.numpy as jnp
      >>> zeros, once = jnp.zeros((1, 2, 3)), jnp.ones((1, 2, 2))
      >>> loss = block_decision_loss(zeros, zeros, once, once)
      >>> bool(jnp.isclose(loss, 4 * jnp.log(2)))
      True
    """
    score = scores("bmd,bid->bmi", rows, hidden, axis_name)
    return -(left * jax.nn.log_sigmoid(score) + (both - left) * jax.nn.log_sigmoid(-score)).sum()


def block_decision_gradients(
    hidden: jax.Array,
    rows: jax.Array,
    left: jax.Array,
    both: jax.Array,
    axis_name: AxisName = None,
) -> tuple[jax.Array, jax.Array]:
    r"""The gradients of :func:`block_decision_loss`, written out.

    With :math:`G_{mi} = \mathrm{both}_{mi} \sigma(r_m \cdot h_i)
    - \mathrm{left}_{mi}` they are :math:`\sum_m G_{mi} r_m` and :math:`\sum_i G_{mi} h_i`.

    Args:
      hidden: as for the loss.
      rows: as for the loss.
      left: as for the loss.
      both: as for the loss.
      axis_name: as for the loss; the gradients are those of this device's columns.

    Returns:
      float32 [B, L, D], the gradient with respect to ``hidden``.
      float32 [B, M, D], the gradient with respect to ``rows``.

    Example:
      >>> import jax.numpy as jnp
      >>> hidden, rows, once = jnp.ones((1, 2, 3)), jnp.ones((1, 4, 3)), jnp.ones((1, 4, 2))
      >>> [g.shape for g in block_decision_gradients(hidden, rows, once, once)]
      [(1, 2, 3), (1, 4, 3)]
    """
    sigmoid = jax.nn.sigmoid(scores("bmd,bid->bmi", rows, hidden, axis_name))
    return through_scores(both * sigmoid - left, hidden, rows)
