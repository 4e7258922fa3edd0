"""What makes no sense is refused, where that is asked for in compiled functions too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxw2v.sampling import (
    ContextBounds,
    compact,
    context_bounds,
    cut_into_blocks,
    effective_windows,
    expected_mask,
    finite_table_counts,
    noise_distribution,
    positive_mask,
    random_bits,
    random_integers,
    subsample_pairs,
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_windows(jax.random.key(0), (3,), 0), "window is 0"),
        (lambda: effective_windows(jax.random.key(0), (3,), 2, "wide"), "sampling is 'wide'"),
        (lambda: context_bounds(*[jnp.ones(3, jnp.int32)] * 3, "up"), "side is 'up'"),
        (
            lambda: context_bounds(jnp.ones(2), jnp.ones(3), jnp.ones(3)),
            r"effective_window \(2,\), sentence_ids \(3,\)",
        ),
        (
            lambda: cut_into_blocks(*[jnp.ones(8, jnp.int32)] * 3, 4, 3),
            "overlap is 3; it must be even",
        ),
        (lambda: cut_into_blocks(*[jnp.ones(8, jnp.int32)] * 3, 4, 4), "overlap is 4"),
        (lambda: finite_table_counts(np.ones(2), 1.0, 0), "length is 0"),
        (lambda: compact(jnp.ones(2, bool), jnp.ones(3), 0), r"keep \(2,\) and values \(3,\)"),
        (lambda: compact(jnp.ones((2, 2), bool), jnp.ones((2, 2)), 0), r"must both be \[n\]"),
        (lambda: expected_mask(ContextBounds(*[jnp.ones(2, jnp.int32)] * 2), 0), "window is 0"),
        (lambda: noise_distribution(np.zeros(3, int)), r"counts \(3,\) hold no word"),
        (lambda: noise_distribution(np.zeros(0)), r"counts \(0,\) hold no word"),
        (lambda: finite_table_counts(np.zeros(3), 1.0, 4), r"counts \(3,\) hold no word"),
        (lambda: positive_mask(ContextBounds(jnp.ones(2), jnp.ones(3))), r"first \(2,\)"),
        (
            lambda: subsample_pairs(jax.random.key(0), jnp.ones((1, 2), int), jnp.ones(2)),
            r"ids \(1, 2\) must have one axis",
        ),
        (lambda: random_integers(jax.random.key(0), (2,), 0), "bound is 0"),
        (
            lambda: random_bits(jax.random.split(jax.random.key(0)), (2,)),
            "key must be one key",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
