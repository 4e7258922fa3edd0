"""Every objective, on a small vocabulary."""

import itertools

import numpy as np

from jaxw2v.devices.shards import Shards

V, D, B, L, W, K = 12, 4, 4, 8, 3, 2
COUNTS = np.arange(1, V + 1)[::-1] * 10
ALONE = Shards(V)
CASES = [
    {"objective": "cbow", "cbow_combine": "sum", "num_negatives": K, "negatives_per_block": 5},
    *[
        {"objective": objective, "output_layer": layer, **more}
        for objective, (layer, more) in itertools.product(
            ("skipgram", "cbow"),
            (
                ("negative_sampling", {"num_negatives": K, "negatives_per_block": 5}),
                ("negative_sampling", {"num_negatives": K, "negatives": "fresh"}),
                ("softmax", {}),
                ("hierarchical_softmax", {}),
            ),
        )
    ],
]


def name(case):
    return "-".join(str(value) for value in case.values())
