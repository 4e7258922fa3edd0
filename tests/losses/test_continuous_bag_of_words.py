"""The hidden layer of cbow."""

import numpy as np
import pytest
from jax.test_util import check_grads
from softmax_sizes import B, L

from jaxw2v.losses import (
    bag_of_contexts,
)


@pytest.mark.parametrize("combine", ["mean", "sum"])
def test_the_bag_is_the_mean_or_the_sum_of_the_contexts(block, combine):
    hidden, _, _, mask = block
    found = np.asarray(bag_of_contexts(hidden, mask, combine))
    empty = 0
    for b in range(B):
        for i in range(L):
            rows = np.asarray(hidden)[b, np.asarray(mask)[b, :, i]]
            empty += len(rows) == 0
            expected = rows.sum(axis=0) / (max(len(rows), 1) if combine == "mean" else 1)
            np.testing.assert_allclose(found[b, i], expected, rtol=1e-5, atol=1e-6)
    assert empty
    check_grads(
        lambda u: bag_of_contexts(u, mask, combine), (hidden,), order=1, modes=["rev"], rtol=1e-2
    )
