"""A vector to ask with."""

import numpy as np

VECTOR = np.linspace(-1, 2, 8, dtype=np.float32)
